import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { crossOriginHeaders, isAllowedOrigin } from '../../src/api/origins.ts';
import { answerAndLetGo } from '../../src/api/raw-answers.ts';
import { startServer } from '../../src/api/server.ts';
import { listenForUpgrades } from '../../src/api/upgrades.ts';
import type { WebSockets } from '../../src/api/web-sockets.ts';
import { createLogger } from '../../src/processes/logger.ts';
import { exchange, openRaw, upgrade } from './raw-socket.ts';
import { type RunningServer, startTestServer } from './running-server.ts';

let server: RunningServer;

beforeAll(async () => {
  server = await startTestServer({ allowedOrigins: 'https://chat.example' });
});

afterAll(() => server.stop());

const statusOf = (answer: string) => answer.split('\r\n', 1)[0];
const alive = async () => expect((await fetch(`${server.url}/health`)).status).toBe(200);

it('answers an upgrade of any other target with 404, whatever the target is, and ends the connection', async () => {
  const targets = [
    '//',
    '///',
    'http://[',
    'http://',
    'https://[::1',
    '/graphql/',
    '/%',
    '*',
    '/graphql%00',
    '\\\\',
    ':',
  ];
  for (const target of [
    ...targets,
    '/',
    `/${'a'.repeat(9_000)}`,
    'http://localhost/graphql',
    '//graphql',
    '/\xff\xfe',
  ]) {
    const answer = await exchange(server.url, upgrade(target));
    // What Node itself cannot read as a request line is refused by it.
    expect(statusOf(answer), target).toMatch(/^HTTP\/1.1 (404 Not Found|400 Bad Request)$/);
    expect(answer, target).toMatch(/"errors":\[\{"message"/);
  }
  await alive();
});

it('reads on whatever it has refused: bytes that nobody has read would turn the answer into a reset', () => {
  const socket = new PassThrough();
  answerAndLetGo(socket, 404, 'WebSockets are at /graphql.');
  expect(socket.readableFlowing).toBe(true);
});

it('bears that whoever is refused is gone, at any moment', async () => {
  const refused = [upgrade('//'), upgrade('/elsewhere'), upgrade('/graphql', { origin: 'https://evil.example' })];
  refused.push(upgrade('/graphql', { 'sec-websocket-key': 'no' }), 'CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n');
  for (let turn = 0; turn < 40; turn += 1) {
    await Promise.all(
      refused.map(async (bytes) => {
        const { socket } = await openRaw(server.url, bytes);
        // In the same turn, in a later one, and once something has come.
        if (turn % 4 === 1) await new Promise(setImmediate);
        if (turn % 4 === 2) await once(socket, 'readable');
        if (turn % 4 === 3) socket.end();
        else socket.resetAndDestroy();
      }),
    );
  }
  await alive();
});

it('refuses pages of other origins, and those that have none', async () => {
  for (const origin of [
    'https://evil.example',
    'null',
    'http://localhost.evil.example',
    'https://CHAT.example',
    '',
    '*',
  ]) {
    const answer = await exchange(server.url, upgrade('/graphql', { origin }));
    expect(statusOf(answer), origin).toBe('HTTP/1.1 403 Forbidden');
  }
});

it('takes pages without an origin for nobody’s, whatever is configured', () => {
  expect(isAllowedOrigin({ origin: 'null', host: 'a' }, ['null'])).toBe(false);
  expect(crossOriginHeaders({ origin: 'null', host: 'a' }, ['null'])).toEqual({
    vary: 'Origin, Accept, Accept-Encoding',
  });
});

it('takes sockets of its own pages, of the origins that are configured, and of programs', async () => {
  const accept = createHash('sha1')
    .update(`${Buffer.alloc(16).toString('base64')}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  for (const origin of ['http://localhost', 'https://localhost', 'https://chat.example', undefined]) {
    const { socket, until } = await openRaw(server.url, upgrade('/graphql?x=1', { origin }));
    expect(await until('\r\n\r\n')).toContain(accept);
    socket.destroy();
  }
});

it('answers a handshake with no Host, or with two, of which a page could choose one', async () => {
  const two = 'chat.example\r\nhost: evil.example';
  for (const headers of [{ host: undefined }, { host: two }, { host: two, origin: 'http://chat.example' }]) {
    const answer = await exchange(server.url, upgrade('/graphql', headers));
    expect(statusOf(answer)).toBe('HTTP/1.1 400 Bad Request');
    expect(answer).toContain('A request has one Host.');
  }
});

it('answers a handshake that is none, and ends the connection', async () => {
  const wrong = [
    { 'sec-websocket-key': undefined },
    { 'sec-websocket-key': 'short' },
    { 'sec-websocket-version': '99' },
  ];
  for (const headers of [...wrong, { 'sec-websocket-protocol': ',,;' }]) {
    const answer = await exchange(server.url, upgrade('/graphql', headers));
    expect(statusOf(answer), JSON.stringify(headers)).toBe('HTTP/1.1 400 Bad Request');
  }
});

it('answers a request that asks for any other protocol as if it had not asked', async () => {
  const h2c = 'GET /health HTTP/1.1\r\nhost: a\r\nconnection: Upgrade, close\r\nupgrade: h2c\r\n\r\n';
  expect(await exchange(server.url, h2c)).toContain('{"status":"ok"}');
  const post = 'POST /graphql HTTP/1.1\r\nhost: a\r\nconnection: upgrade, close\r\nupgrade: websocket\r\n';
  const body = '{"query":"{me{id}}"}';
  const json = `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  expect(await exchange(server.url, post + json)).toContain('UNAUTHENTICATED');
});

it('is no proxy', async () => {
  const answer = await exchange(server.url, 'CONNECT elsewhere:443 HTTP/1.1\r\nhost: elsewhere\r\n\r\n');
  expect(statusOf(answer)).toBe('HTTP/1.1 405 Method Not Allowed');
});

it('takes no sockets before it serves GraphQL, and then ends at once', async () => {
  const logger = createLogger({ logLevel: 'silent' });
  const ready = async () => ({ ready: false });
  const waiting = await startServer({ ready, logger, host: '127.0.0.1', port: 0, allowedOrigins: [] });
  const answer = await exchange(waiting.url, upgrade());
  expect(statusOf(answer)).toBe('HTTP/1.1 503 Service Unavailable');
  expect(answer).toContain('UNAVAILABLE');
  await waiting.close();
});

it.each([
  [
    'a defect keeps from being taken over',
    () => {
      throw new Error('a defect');
    },
  ],
  ['is reset once it was taken over', (_request, socket) => void socket.destroy(new Error('a reset'))],
] satisfies [string, WebSockets['accept']][])('lets go of a socket that %s', async (_what, accept) => {
  const bare = createServer();
  listenForUpgrades({
    server: bare,
    allowedOrigins: [],
    logger: createLogger({ logLevel: 'silent' }),
    sockets: () => ({ accept, sendAway() {}, close: async () => {} }),
  });
  await once(bare.listen(0, '127.0.0.1'), 'listening');
  const { port } = bare.address() as AddressInfo;
  expect(await exchange(`http://127.0.0.1:${port}`, upgrade())).toBe('');
  bare.close();
});
