import { afterAll, beforeAll, expect, it } from 'vitest';
import { edgeLimits } from '../../src/api/edge-limits.ts';
import * as documents from './documents.ts';
import { openRaw, post, upgrade } from './raw-socket.ts';
import { type Person, type RunningServer, startTestServer } from './running-server.ts';

/** Half a minute takes too long here; what must hold is that these are the limits, and that each ends what it is for. */
const shorter = { requestMilliseconds: 400, requestCheckMilliseconds: 50, stalledMilliseconds: 900 };

let server: RunningServer;
let ada: Person;

beforeAll(async () => {
  server = await startTestServer({ limits: shorter });
  ada = await server.person('ada');
});

afterAll(() => server.stop());

it('gives up half a request after 30 s, a socket without connection_init after 10 s', () => {
  expect(edgeLimits).toMatchObject({
    requestMilliseconds: 30_000,
    stalledMilliseconds: 30_000,
    initMilliseconds: 10_000,
  });
});

it.each([
  ['nothing at all', ''],
  ['half of a request line', 'GET /hea'],
  ['half of the headers', 'GET /health HTTP/1.1\r\nhost: a\r\n'],
  ['half of a body', post('{"query":"{me{id}}"}').slice(0, -5)],
])('gives up a connection that sends %s, and says so', async (_what, bytes) => {
  const { received, reset } = await (await openRaw(server.url, bytes)).ended;
  expect(reset).toBe(false);
  expect(received).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n/);
});

it('gives up a body that comes in chunks and stops', async () => {
  const headers = `host: a\r\nauthorization: Bearer ${ada.token}\r\ntransfer-encoding: chunked`;
  const { ended } = await openRaw(server.url, `POST /graphql HTTP/1.1\r\n${headers}\r\n\r\n5\r\nab`);
  expect((await ended).received).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n/);
});

it('gives up a body that trickles', async () => {
  const { socket, ended } = await openRaw(server.url, post('x'.repeat(1_000)).slice(0, -1_000));
  const trickle = setInterval(() => socket.write('x'), 20);
  const { received } = await ended;
  clearInterval(trickle);
  expect(received).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n/);
});

it('gives up a reader that takes nothing', async () => {
  const target = 'GET /graphql HTTP/1.1\r\nhost: a\r\naccept: text/html\r\n\r\n';
  const { socket, until, ended } = await openRaw(server.url, target);
  await until('<html');
  socket.pause();
  // GraphiQL is large: a few of it are more than the kernel holds for somebody who does not read.
  for (let count = 0; count < 40; count += 1) socket.write(target);
  const writing = setInterval(() => socket.write(target), 20);
  expect((await ended).reset).toBe(true);
  clearInterval(writing);
});

it('lets subscriptions live past every limit, over server-sent events and over WebSocket', async () => {
  const subscription = 'subscription { inbox { groupId lastSeq } }';
  const stream = await openRaw(
    server.url,
    post(JSON.stringify({ query: subscription }), {
      authorization: `Bearer ${ada.token}`,
      accept: 'text/event-stream',
    }),
  );
  await stream.until('text/event-stream');
  const overSocket = ada.connect().iterate({ query: subscription });
  const first = overSocket.next();
  const silent = await openRaw(server.url, upgrade());
  await silent.until('\r\n\r\n');
  // One that began later has been given up by the time that is meant.
  for (let count = 0; count < 3; count += 1) await (await openRaw(server.url, '')).ended;
  await ada.get(documents.createGroup, { input: { groupId: 'late', name: 'late' } });
  await stream.until('"groupId":"late"');
  expect((await first).value).toMatchObject({ data: { inbox: { groupId: 'late' } } });
  expect(silent.socket.readableEnded).toBe(false);
  for (const { socket } of [stream, silent]) socket.destroy();
});

it('ends a stream of events with the token that it was begun with', async () => {
  const brief = await server.person('bea', 1);
  const body = '{"query":"subscription { inbox { groupId } }"}';
  const headers = { authorization: `Bearer ${brief.token}`, accept: 'text/event-stream' };
  const { received, reset } = await (await openRaw(server.url, post(body, headers))).ended;
  expect(reset).toBe(false);
  expect(received).toMatch(/text\/event-stream.*\r\n0\r\n\r\n$/s);
});

it('answers nothing into an answer that has begun, whatever comes on its connection', async () => {
  const body = '{"query":"subscription { inbox { groupId } }"}';
  const headers = { authorization: `Bearer ${ada.token}`, accept: 'text/event-stream' };
  const { socket, until, ended } = await openRaw(server.url, post(body, headers));
  await until('text/event-stream');
  socket.write('\0\r\n\r\n');
  expect((await ended).received).not.toContain('HTTP/1.1 400');
});
