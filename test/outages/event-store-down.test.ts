import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from 'graphql-ws';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { readConfig } from '../../src/config.ts';
import { createLogger } from '../../src/processes/logger.ts';
import { serve } from '../../src/processes/serve.ts';
import * as documents from '../api/documents.ts';
import { startWireServer, type WireServer } from '../servers/wire-server.ts';
import { freePort } from './free-port.ts';

/** The event store behind its protocol, the read models in a file: what happens when the event store is not there. */

let wire: WireServer;
let dataDirectory: string;
let running: Awaited<ReturnType<typeof serve>> | undefined;
let clients: Client[] = [];
const secret = 'a secret that is long enough for tests of outages';

beforeEach(async () => {
  wire = await startWireServer();
  dataDirectory = await mkdtemp(join(tmpdir(), 'highwater-outage-'));
});

afterEach(async () => {
  for (const client of clients) await client.dispose();
  clients = [];
  await running?.close();
  running = undefined;
  await wire.stop();
  await rm(dataDirectory, { recursive: true, force: true });
});

function start(port: number): ReturnType<typeof serve> {
  const config = readConfig({
    HIGHWATER_DATA: dataDirectory,
    HIGHWATER_PORT: String(port),
    HIGHWATER_EVENTSTORE_URL: wire.url,
    HIGHWATER_JWT_SECRET: secret,
  });
  return serve(config, { logger: createLogger({ logLevel: 'silent' }) });
}

async function ask(query: string, variables: object = {}) {
  if (running === undefined) throw new Error('nothing runs');
  const token = await running.services.tokens.issue({ userId: 'ada' }, 600);
  const response = await fetch(`${running.server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as { data?: Record<string, never>; errors?: { extensions: { code: string } }[] };
}

const send = (messageId: string) => ask(documents.sendMessage, { input: { groupId: 'g', messageId, text: messageId } });

async function subscribe(after: number) {
  const token = await running?.services.tokens.issue({ userId: 'ada' }, 600);
  const client = createClient({
    url: `${running?.server.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
    retryAttempts: 0,
  });
  clients.push(client);
  return client.iterate<{ timeline: { version: number } }>({
    query: documents.timelineItems,
    variables: { groupId: 'g', after },
  });
}

test('an event store that is down at the start is waited for, and /ready says so', { timeout: 30_000 }, async () => {
  await wire.goDown();
  const port = await freePort();
  const starting = start(port);
  const ready = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/ready`);
    return { status: response.status, body: (await response.json()) as { ready: boolean; reason?: string } };
  };
  await expect.poll(ready).toEqual({
    status: 503,
    body: { ready: false, reason: expect.stringMatching(/^waiting for the event store: .*ECONNREFUSED/) },
  });
  const refused = await fetch(`http://127.0.0.1:${port}/graphql`, { method: 'POST', body: '{}' });
  expect([refused.status, await refused.json()]).toMatchObject([
    503,
    { errors: [{ extensions: { code: 'UNAVAILABLE' } }] },
  ]);
  expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
  await wire.comeUp();
  running = await starting;
  await expect.poll(ready).toMatchObject({ status: 200, body: { ready: true } });
});

test('while the event store is down mutations are refused, queries go on, and subscriptions resume', {
  timeout: 60_000,
}, async () => {
  running = await start(0);
  expect((await ask(documents.createGroup, { input: { groupId: 'g', name: 'g' } })).errors).toBeUndefined();
  for (const id of ['m1', 'm2']) expect((await send(id)).errors).toBeUndefined();
  const items = await subscribe(1);
  const versions = async (count: number): Promise<number[]> => {
    const seen: number[] = [];
    while (seen.length < count) seen.push((await items.next()).value?.data?.timeline.version ?? Number.NaN);
    return seen;
  };
  expect(await versions(2)).toEqual([2, 3]);
  await expect
    .poll(async () => (await ask(documents.timelinePage, { id: 'g' })).data)
    .toMatchObject({
      group: { lastSeq: 2 },
    });

  await wire.goDown();
  expect((await send('m3')).errors).toMatchObject([{ extensions: { code: 'UNAVAILABLE' } }]);
  const page = await ask(documents.timelinePage, { id: 'g' });
  expect(page.errors).toBeUndefined();
  expect(page.data).toMatchObject({ group: { lastSeq: 2, timeline: { edges: [{}, {}] } } });

  await wire.comeUp();
  await expect.poll(async () => (await send('m3')).errors, { timeout: 20_000 }).toBeUndefined();
  expect((await send('m4')).errors).toBeUndefined();
  expect(await versions(2)).toEqual([4, 5]);
  await items.return?.();
});

test('a process that has just started answers queries about groups that it has never seen, without the event store', {
  timeout: 60_000,
}, async () => {
  running = await start(0);
  await ask(documents.createGroup, { input: { groupId: 'g', name: 'g' } });
  const { data } = await send('m1');
  const { position } = (data as unknown as { sendMessage: { position: string } }).sendMessage;
  expect((await ask(documents.timelinePage, { id: 'g', atLeast: position })).errors).toBeUndefined();
  await running.close();
  running = await start(0);
  await expect.poll(async () => (await fetch(`${running?.server.url}/ready`)).status).toBe(200);
  await wire.goDown();
  expect(await ask(documents.timelinePage, { id: 'g' })).toMatchObject({
    data: { group: { lastSeq: 1, timeline: { edges: [{ node: { messageId: 'm1', readCount: 0 } }] } } },
  });
  await wire.comeUp();
});

test('read models that are ahead of a restored log are refused, with the reason', async () => {
  running = await start(0);
  await ask(documents.createGroup, { input: { groupId: 'g', name: 'g' } });
  const { data } = await send('m1');
  const { position } = (data as unknown as { sendMessage: { position: string } }).sendMessage;
  await ask(documents.timelinePage, { id: 'g', atLeast: position });
  await running.close();
  running = undefined;
  await wire.goDown();
  for (const suffix of ['', '-wal', '-shm']) await rm(join(wire.dataDirectory, `log.db${suffix}`), { force: true });
  await wire.comeUp();
  await expect(start(0)).rejects.toThrow(
    /position \d+ of another log than this one: the log ends at -1\. It was restored from an older backup/,
  );
});

test('another’s events are ignored outside our streams and halt a group inside them, and only that one', async () => {
  running = await start(0);
  for (const groupId of ['g', 'other']) await ask(documents.createGroup, { input: { groupId, name: groupId } });
  await send('m1');
  const foreign = { eventId: crypto.randomUUID(), type: 'OrderPlaced', data: '{"total":3}', metadata: '' };
  await wire.log.append('orders-7', -1, [foreign]);
  await wire.log.append('group-g', 2, [{ ...foreign, eventId: crypto.randomUUID() }]);
  const { data } = await ask(documents.sendMessage, { input: { groupId: 'other', messageId: 'o1', text: 'goes on' } });
  const { position } = (data as unknown as { sendMessage: { position: string } }).sendMessage;
  expect(await ask(documents.timelinePage, { id: 'other', atLeast: position })).toMatchObject({
    data: { group: { lastSeq: 1 } },
  });
  expect((await send('m2')).errors).toMatchObject([{ extensions: { code: 'UNAVAILABLE' } }]);
  expect(await running.services.readModels.haltedGroups()).toMatchObject([
    { groupId: 'g', reason: expect.stringContaining('unknown event type OrderPlaced') },
  ]);
});
