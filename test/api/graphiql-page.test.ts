import { afterEach, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { exchange } from './raw-socket.ts';
import { type RunningServer, startTestServer } from './running-server.ts';

let server: RunningServer | undefined;

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

it.each<[what: string, environment: NodeJS.ProcessEnv, isShown: boolean]>([
  ['by default', {}, true],
  ['on localhost', { HIGHWATER_HOST: 'localhost' }, true],
  ['on ::1', { HIGHWATER_HOST: '::1' }, true],
  ['on every address', { HIGHWATER_HOST: '0.0.0.0' }, false],
  ['on a name that begins like an address', { HIGHWATER_HOST: '127.0.0.1.example.com' }, false],
  ['in production', { NODE_ENV: 'production' }, false],
  ['in production, where it is asked for', { NODE_ENV: 'production', HIGHWATER_GRAPHIQL: 'on' }, true],
  ['on every address, where it is asked for', { HIGHWATER_HOST: '0.0.0.0', HIGHWATER_GRAPHIQL: 'on' }, true],
  ['where it is forbidden', { HIGHWATER_GRAPHIQL: 'off' }, false],
])('GraphiQL is for development: %s, %o: %s', (_what, environment, isShown) => {
  expect(readConfig(environment).graphiql).toBe(isShown);
});

const visit = (headers: Readonly<Record<string, string>>): string =>
  [
    'GET /graphql HTTP/1.1',
    'host: a',
    'accept: text/html',
    'connection: close',
    ...Object.entries(headers).map((pair) => pair.join(': ')),
    '',
    '',
  ].join('\r\n');

it('is 9 MB once, compressed, and nothing at the next visit', async () => {
  server = await startTestServer();
  const first = await exchange(server.url, visit({ 'accept-encoding': 'gzip, deflate, br, zstd' }));
  expect(first.length).toBeLessThan(3_000_000);
  expect(first).toMatch(/\r\ncontent-encoding: br\r\n/);
  expect(first).toMatch(/\r\ncache-control: public, no-cache\r\n/);
  const [, etag = ''] = /\r\netag: (.*)\r\n/.exec(first) ?? [];
  const next = await exchange(
    server.url,
    visit({ 'accept-encoding': 'gzip, deflate, br, zstd', 'if-none-match': etag }),
  );
  expect(next).toMatch(/^HTTP\/1.1 304 Not Modified\r\n/);
  expect(next.length).toBeLessThan(1_500);
  // A cache that holds another form asks for that.
  const other = await exchange(server.url, visit({ 'accept-encoding': 'gzip', 'if-none-match': etag }));
  expect(other).toMatch(/^HTTP\/1.1 200 OK\r\n/);
});

it('is not there where it is off, for a browser either', async () => {
  server = await startTestServer({ environment: { HIGHWATER_GRAPHIQL: 'off' } });
  const answer = await exchange(server.url, visit({}));
  expect(answer).toMatch(/^HTTP\/1.1 406 /);
  expect(answer).toContain('"code":"BAD_INPUT"');
});
