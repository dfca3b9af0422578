import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { readConfig } from '../../src/config.ts';
import { createLogger } from '../../src/processes/logger.ts';
import { serve } from '../../src/processes/serve.ts';
import * as documents from '../api/documents.ts';
import type { MongoServer } from '../servers/mongo-server.ts';
import { startMortalMongo } from '../servers/mortal-mongo.ts';

/** What happens when MongoDB is not there: a server of this test's own, which is killed and started again. */

const groupId = `mongo-down-${randomUUID().slice(0, 8)}`;
let mongo: MongoServer;
let running: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  mongo = await startMortalMongo();
  const config = readConfig({
    ...process.env,
    HIGHWATER_DATA: tmpdir(),
    HIGHWATER_PORT: '0',
    HIGHWATER_MONGODB_URL: mongo.url,
    HIGHWATER_JWT_SECRET: 'a secret that is long enough for tests of outages',
  });
  running = await serve(config, { logger: createLogger({ logLevel: 'silent' }) });
});

afterAll(async () => {
  await running?.close();
  await mongo?.stop();
});

const token = () => running.services.tokens.issue({ userId: 'ada' }, 600);

async function ask(query: string, variables: object) {
  const response = await fetch(`${running.server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${await token()}` },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as { data?: unknown; errors?: { extensions: { code: string } }[] };
}

const send = (messageId: string) => ask(documents.sendMessage, { input: { groupId, messageId, text: messageId } });

test('while MongoDB is down messages are sent and delivered, queries are refused, and afterwards the projector goes on', {
  timeout: 120_000,
}, async () => {
  await ask(documents.createGroup, { input: { groupId, name: 'g', members: [{ userId: 'ben' }] } });
  const { data } = await send('m1');
  const { position } = (data as { sendMessage: { position: string } }).sendMessage;
  expect((await ask(documents.timelinePage, { id: groupId, atLeast: position })).errors).toBeUndefined();
  const client = createClient({
    url: `${running.server.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${await token()}` },
    retryAttempts: 0,
  });
  const items = client.iterate<{ timeline: { version: number; message?: { messageId: string } } }>({
    query: documents.timelineItems,
    variables: { groupId, after: 1 },
  });
  const next = async () => (await items.next()).value?.data?.timeline.message?.messageId;
  expect(await next()).toBe('m1');

  await mongo.kill();
  expect((await send('m2')).errors).toBeUndefined();
  expect(await next()).toBe('m2');
  expect((await ask(documents.timelinePage, { id: groupId })).errors).toMatchObject([
    { extensions: { code: 'UNAVAILABLE' } },
  ]);

  await mongo.restart();
  const after = await send('m3');
  expect(after.errors).toBeUndefined();
  expect(await next()).toBe('m3');
  await items.return?.();
  await client.dispose();
  const { position: last } = (after.data as { sendMessage: { position: string } }).sendMessage;
  const page = () => ask(documents.timelinePage, { id: groupId, atLeast: last });
  await expect.poll(page, { timeout: 60_000, interval: 500 }).toMatchObject({
    data: {
      group: {
        lastSeq: 3,
        timeline: {
          edges: [{ node: { messageId: 'm1' } }, { node: { messageId: 'm2' } }, { node: { messageId: 'm3' } }],
        },
      },
    },
  });
});
