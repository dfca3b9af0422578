import { once } from 'node:events';
import { expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import * as documents from './documents.ts';
import { openRaw, post } from './raw-socket.ts';
import { startTestServer } from './running-server.ts';

async function start(environment: NodeJS.ProcessEnv = {}) {
  const server = await startTestServer({ environment });
  onTestFinished(() => server.stop());
  const ada = await server.person('ada');
  const init = JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${ada.token}` } });
  const open = async () => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    await once(socket, 'open');
    return socket;
  };
  return { server, ada, init, open };
}

it('does nothing of what comes after the message that a socket is closed for', async () => {
  const { ada, init, open } = await start();
  const socket = await open();
  socket.send(init);
  await once(socket, 'message');
  const query = 'mutation { createGroup(input: { groupId: "late", name: "late" }) { position } }';
  socket.send(Buffer.from('binary'));
  socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query } }));
  await once(socket, 'close');
  await ada.get(documents.createGroup, { input: { groupId: 'later', name: 'later' } });
  expect(await ada.refused(documents.timelinePage, { id: 'late' })).toBe('NOT_FOUND');
});

it('does not count a socket that has gone while its token was looked at', async () => {
  const { server, init, open } = await start({ HIGHWATER_RATE_LIMITS: 'sockets-per-person=1' });
  const { tokens } = server.services;
  const [looking, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const verify = tokens.verify.bind(tokens);
  vi.spyOn(tokens, 'verify').mockImplementationOnce(async (authorization) => {
    looking.resolve();
    await gate.promise;
    return verify(authorization);
  });
  const gone = await open();
  gone.send(init);
  await looking.promise;
  gone.close();
  await once(gone, 'close');
  // By the time that this is answered the server knows.
  await fetch(`${server.url}/health`);
  gate.resolve();
  const next = await open();
  next.send(init);
  const [first] = await Promise.race([once(next, 'message'), once(next, 'close')]);
  expect(String(first)).toContain('connection_ack');
  next.terminate();
});

it('waits no longer for the token’s end of who has gone', async () => {
  const { server, ada, init, open } = await start();
  const [begun, ended] = [vi.spyOn(globalThis, 'setTimeout'), vi.spyOn(globalThis, 'clearTimeout')];
  onTestFinished(() => void [begun, ended].map((spy) => spy.mockRestore()));
  const socket = await open();
  socket.send(init);
  await once(socket, 'message');
  const body = '{"query":"subscription { inbox { groupId } }"}';
  const headers = { authorization: `Bearer ${ada.token}`, accept: 'text/event-stream' };
  const stream = await openRaw(server.url, post(body, headers));
  await stream.until('text/event-stream');
  // Their tokens are good for ten minutes; nothing else waits for as long.
  const lasting = begun.mock.results.filter((_, index) => (begun.mock.calls[index]?.[1] ?? 0) > 500_000);
  expect(lasting.length).toBeGreaterThan(1);
  socket.terminate();
  stream.socket.destroy();
  const isEnded = ({ value }: { readonly value: unknown }) => ended.mock.calls.some(([timer]) => timer === value);
  await vi.waitFor(() => expect(lasting.every(isEnded)).toBe(true));
});
