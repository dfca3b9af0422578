import { afterAll, beforeAll, expect, it } from 'vitest';
import { edgeLimits } from '../../src/api/edge-limits.ts';
import { openRaw } from './raw-socket.ts';
import { type RunningServer, startTestServer } from './running-server.ts';

let server: RunningServer;

beforeAll(async () => {
  server = await startTestServer();
});

afterAll(() => server.stop());

const page = 'GET /graphql HTTP/1.1\r\nhost: a\r\naccept: text/html\r\n\r\n';

it('holds GraphiQL once, however many ask for it on one connection and do not read', async () => {
  const { socket, until } = await openRaw(server.url, page);
  await until('<html');
  socket.pause();
  const held = () => process.memoryUsage().heapUsed + process.memoryUsage().external;
  const before = held();
  socket.write(page.repeat(50));
  // Requests that came before are answered before.
  for (let count = 0; count < 20; count += 1) await (await fetch(`${server.url}/graphql?query={me{id}}`)).text();
  expect(held() - before).toBeLessThan(100 * 1024 * 1024);
  socket.destroy();
});

it('answers so many requests of one connection at once, and ends it with those', async () => {
  const question = 'GET /graphql?query={__typename} HTTP/1.1\r\nhost: a\r\n\r\n';
  const { ended } = await openRaw(server.url, question.repeat(500));
  const { received, reset } = await ended;
  const statuses = [...received.matchAll(/HTTP\/1.1 (\d+) /g)].map(([, status]) => status);
  expect(reset).toBe(false);
  expect(statuses.slice(0, edgeLimits.maximumPipelinedRequests)).toEqual(
    Array(edgeLimits.maximumPipelinedRequests).fill('200'),
  );
  expect(statuses.at(-1)).toBe('429');
  expect(statuses.filter((status) => status === '429')).toHaveLength(1);
  expect(received.toLowerCase()).toContain('connection: close');
});

it('a connection that waits for its answers may ask for as many as it likes, one after another', async () => {
  const question = 'GET /health HTTP/1.1\r\nhost: a\r\n\r\n';
  const { socket, received, until, ended } = await openRaw(server.url, question);
  for (let count = 1; count <= 3 * edgeLimits.maximumPipelinedRequests; count += 1) {
    await until('"ok"}');
    while (received().split('"ok"}').length <= count) await new Promise(setImmediate);
    socket.write(question);
  }
  socket.end();
  expect((await ended).received).not.toContain('HTTP/1.1 429');
});
