import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'graphql-ws';
import { expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { EdgeLimits } from '../../src/api/edge-limits.ts';
import { createTokens } from '../../src/rights/tokens.ts';
import { startServerProcess } from '../cli/process.ts';
import * as documents from './documents.ts';
import { exchange, openRaw, post, upgrade } from './raw-socket.ts';
import { type Person, startTestServer } from './running-server.ts';

const count = 16;

/** A group, and as many requests to send messages to it as are given, each on a connection of its own. */
const sendMessages = (person: Person, url: string, connection = 'keep-alive') =>
  Promise.all(
    Array.from({ length: count }, (_, index) => {
      const input = { groupId: 'g', messageId: `m${index}`, text: `text ${index}` };
      const body = JSON.stringify({ query: documents.sendMessage, variables: { input } });
      return openRaw(url, post(body, { authorization: `Bearer ${person.token}`, connection }));
    }),
  );

it('answers the mutations under way, refuses new requests, sends sockets away and ends streams of events', async () => {
  const server = await startTestServer();
  const ada = await server.person('ada');
  await ada.get(documents.createGroup, { input: { groupId: 'g', name: 'g' } });
  // Kept alive, and idle when the server is told to end.
  const idle = await openRaw(server.url, 'GET /health HTTP/1.1\r\nhost: a\r\n\r\n');
  await idle.until('"ok"');
  const stream = await openRaw(
    server.url,
    post('{"query":"subscription { inbox { groupId } }"}', {
      authorization: `Bearer ${ada.token}`,
      accept: 'text/event-stream',
    }),
  );
  await stream.until('text/event-stream');
  const socket = await openRaw(server.url, upgrade());
  await socket.until('\r\n\r\n');

  const { log, tokens } = server.services;
  const gate = Promise.withResolvers<void>();
  const append = log.append.bind(log);
  vi.spyOn(log, 'append').mockImplementation(async (...events) => {
    await gate.promise;
    return append(...events);
  });
  const verify = vi.spyOn(tokens, 'verify');
  const sending = await sendMessages(ada, server.url);
  await vi.waitFor(() => expect(verify).toHaveBeenCalledTimes(count));

  const stopped = server.stop();
  idle.socket.write('GET /health HTTP/1.1\r\nhost: a\r\n\r\n');
  const refusal = (await idle.ended).received;
  expect(refusal).toMatch(/HTTP\/1.1 503 Service Unavailable\r\n/);
  expect(refusal).toMatch(/connection: close\r\n/i);
  expect(await exchange(server.url, upgrade())).toMatch(/^HTTP\/1.1 503 Service Unavailable\r\n.*"UNAVAILABLE"/s);
  expect((await stream.ended).received).toMatch(/\r\n0\r\n\r\n$/);
  expect(await socket.until('\x03\xe9Going away')).toContain('\x88');
  socket.socket.destroy();

  gate.resolve();
  for (const { ended } of sending) {
    const { received, reset } = await ended;
    expect(reset).toBe(false);
    expect(received).toMatch(/connection: close\r\n/i);
    expect(received).toContain('{"data":{"sendMessage":');
  }
  await stopped;
});

/** A message under way over a socket: its append waits until the gate is opened. */
async function sendingOverSocket(limits: Partial<EdgeLimits>) {
  const server = await startTestServer({ limits });
  const ada = await server.person('ada');
  await ada.get(documents.createGroup, { input: { groupId: 'g', name: 'g' } });
  const client = createClient({
    url: `${server.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${ada.token}` },
    retryAttempts: 0,
  });
  const { log } = server.services;
  const appending = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const append = log.append.bind(log);
  vi.spyOn(log, 'append').mockImplementation(async (...events) => {
    appending.resolve();
    await gate.promise;
    return append(...events);
  });
  const closed = new Promise<unknown>((resolve) => client.on('closed', resolve));
  const input = { groupId: 'g', messageId: 'm', text: 'text' };
  const answer = client.iterate({ query: documents.sendMessage, variables: { input } }).next();
  await appending.promise;
  return { server, answer, closed, gate };
}

it('answers what a socket has asked before it sends it away', async () => {
  const { server, answer, closed, gate } = await sendingOverSocket({});
  const stopped = server.stop();
  gate.resolve();
  expect((await answer).value).toMatchObject({ data: { sendMessage: { message: { seq: 1 } } } });
  expect(await closed).toMatchObject({ code: 1001 });
  await stopped;
});

it('answers all requests that one connection has sent together', async () => {
  const server = await startTestServer();
  const ada = await server.person('ada');
  await ada.get(documents.createGroup, { input: { groupId: 'g', name: 'g' } });
  const { log, tokens } = server.services;
  const gate = Promise.withResolvers<void>();
  const append = log.append.bind(log);
  vi.spyOn(log, 'append').mockImplementation(async (...events) => {
    await gate.promise;
    return append(...events);
  });
  const verify = vi.spyOn(tokens, 'verify');
  const requests = ['a', 'b'].map((messageId) => {
    const variables = { input: { groupId: 'g', messageId, text: messageId } };
    const body = JSON.stringify({ query: documents.sendMessage, variables });
    return post(body, { authorization: `Bearer ${ada.token}` });
  });
  const { ended } = await openRaw(server.url, requests.join(''));
  await vi.waitFor(() => expect(verify).toHaveBeenCalledTimes(2));
  const stopped = server.stop();
  gate.resolve();
  expect((await ended).received.match(/\{"data":\{"sendMessage":/g)).toHaveLength(2);
  await stopped;
});

it('cuts off a socket whose answer does not come in time', async () => {
  const { server, answer, closed, gate } = await sendingOverSocket({ closeMilliseconds: 100, drainMilliseconds: 100 });
  const unanswered = expect(answer).rejects.toMatchObject({ code: 1006 });
  const stopped = server.stop();
  expect(await closed).toMatchObject({ code: 1006 });
  await unanswered;
  gate.resolve();
  await stopped;
});

it('waits for nobody who has sent nothing or half of a request', async () => {
  const server = await startTestServer({ limits: { drainMilliseconds: 100 } });
  const halves = await Promise.all(
    ['', 'GET /health HTTP/1.1\r\nhost: a\r\n', post('{"query":"{me{id}}"}').slice(0, -5)].map((bytes) =>
      openRaw(server.url, bytes),
    ),
  );
  await server.stop();
  for (const { ended } of halves) expect((await ended).received).not.toContain('200 OK');
});

it('loses no answer of a real process that gets SIGTERM, and ends it in time with a deaf socket', async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'highwater-drain-'));
  onTestFinished(() => rm(dataDirectory, { recursive: true, force: true }));
  const server = await startServerProcess(dataDirectory);
  onTestFinished(() => server.kill());
  const secret = await readFile(join(dataDirectory, 'jwt-secret'), 'utf8');
  const token = await createTokens(secret, Date.now).issue({ userId: 'ada' }, 600);
  const authorization = `Bearer ${token}`;
  const createGroup = { query: documents.createGroup, variables: { input: { groupId: 'g', name: 'g' } } };
  const created = await openRaw(server.url, post(JSON.stringify(createGroup), { authorization, connection: 'close' }));
  expect((await created.ended).received).toContain('"data"');
  const deaf = await openRaw(server.url, upgrade());
  await deaf.until('\r\n\r\n');
  deaf.socket.pause();

  // Each has been begun, as the server says, when it is told to end; what is left is the last byte.
  const body = (index: number) => {
    const input = { groupId: 'g', messageId: `m${index}`, text: `text ${index}` };
    return post(JSON.stringify({ query: documents.sendMessage, variables: { input } }), {
      authorization,
      expect: '100-continue',
    });
  };
  const sending = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const request = await openRaw(server.url, body(index).slice(0, -1));
      await request.until('100 Continue');
      return request;
    }),
  );
  const begun = performance.now();
  server.child.kill('SIGTERM');
  for (const { socket } of sending) socket.write('}');
  for (const { ended } of sending) expect((await ended).received).toContain('{"data":{"sendMessage":');
  expect(await server.ended).toBe(0);
  expect(performance.now() - begun).toBeLessThan(10_000);
});
