import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createTokens } from '../../src/rights/tokens.ts';
import * as documents from '../api/documents.ts';
import { take } from '../api/running-server.ts';
import { type ServerProcess, startServerProcess } from '../cli/process.ts';

/** Processes as in production: two that serve, one that projects and one that stands by to, on shared servers. */

const run = randomUUID().slice(0, 8);
const secret = 'a secret that every process of this test knows';
const tokens = createTokens(secret, Date.now);
let apis: ServerProcess[] = [];
let projectors: ServerProcess[] = [];

function startRole(role: string): Promise<ServerProcess> {
  const mongo = new URL(process.env['HIGHWATER_MONGODB_URL'] ?? '');
  mongo.pathname = `/highwater-processes-${run}`;
  return startServerProcess(tmpdir(), ['--role', role], {
    HIGHWATER_MONGODB_URL: String(mongo),
    HIGHWATER_JWT_SECRET: secret,
  });
}

beforeAll(async () => {
  projectors = [await startRole('projector')];
  apis = await Promise.all([startRole('api'), startRole('api')]);
}, 60_000);

afterAll(async () => {
  await Promise.all([...apis, ...projectors].map((started) => started.kill()));
});

async function ask<Data>(api: ServerProcess | undefined, userId: string, query: string, variables: object) {
  if (api === undefined) throw new Error('no such process');
  const response = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${await tokens.issue({ userId }, 3_600)}`,
    },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data: Data; errors?: unknown };
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}

async function connect(api: ServerProcess | undefined, userId: string) {
  if (api === undefined) throw new Error('no such process');
  return createClient({
    url: `${api.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${await tokens.issue({ userId }, 3_600)}` },
    retryAttempts: 0,
  });
}

interface Sent {
  readonly sendMessage: { readonly position: string; readonly message: { readonly seq: number } };
}

const send = (api: ServerProcess | undefined, groupId: string, messageId: string) =>
  ask<Sent>(api, 'ada', documents.sendMessage, { input: { groupId, messageId, text: messageId } });

test('two processes that write into one hot group keep its seq without gaps, and each hears of all of it', {
  timeout: 120_000,
}, async () => {
  const groupId = `hot-${run}`;
  await ask(apis[0], 'ada', documents.createGroup, { input: { groupId, name: 'Hot', members: [{ userId: 'ben' }] } });
  const each = 200;
  const heard = apis.map(async (api) =>
    take<{ timeline: { version: number; message: { messageId: string; seq: number } } }>(
      await connect(api, 'ben'),
      { query: documents.timelineItems, variables: { groupId, after: 1 } },
      2 * each,
    ),
  );
  const seqs = await Promise.all(
    apis.flatMap((api, process) =>
      Array.from({ length: 8 }, async (_, client) => {
        const own: number[] = [];
        for (let index = client; index < each; index += 8) {
          own.push((await send(api, groupId, `p${process}-${index}`)).sendMessage.message.seq);
        }
        return own;
      }),
    ),
  );
  const expected = Array.from({ length: 2 * each }, (_, index) => index + 1);
  expect(seqs.flat().sort((a, b) => a - b)).toEqual(expected);
  for (const items of await Promise.all(heard)) {
    expect(items.map(({ timeline }) => timeline.message.seq)).toEqual(expected);
    expect(items.map(({ timeline }) => timeline.version)).toEqual(expected.map((seq) => seq + 1));
  }
});

test('what one process was told is read from the other once it asks for that position, counts included', {
  timeout: 60_000,
}, async () => {
  const groupId = `shared-${run}`;
  const members = Array.from({ length: 150 }, (_, index) => ({ userId: `reader-${index}` }));
  await ask(apis[0], 'ada', documents.createGroup, { input: { groupId, name: 'Shared', members } });
  await send(apis[0], groupId, `${groupId}-1`);
  let position = '';
  for (const { userId } of members.slice(0, 70)) {
    const { markReadUpTo } = await ask<{ markReadUpTo: { position: string } }>(
      apis[1],
      userId,
      documents.markReadUpTo,
      { input: { marks: [{ groupId, upTo: 1 }] } },
    );
    position = markReadUpTo.position;
  }
  for (const api of apis) {
    const { message } = await ask<{ message: object }>(api, 'ada', documents.messageCounts, {
      groupId,
      messageId: `${groupId}-1`,
      atLeast: position,
    });
    expect(message).toMatchObject({
      readCount: 70,
      audienceCount: 150,
      explain: { audience: 150, read: 70, notYet: 80, leftBeforeReading: 0 },
    });
  }
});

test('when the projector is killed, the one that stands by takes over, and nothing is missing', {
  timeout: 120_000,
}, async () => {
  const groupId = `takeover-${run}`;
  projectors.push(await startRole('projector'));
  await ask(apis[0], 'ada', documents.createGroup, { input: { groupId, name: 'Takeover' } });
  await send(apis[0], groupId, `${groupId}-1`);
  await projectors[0]?.kill();
  const { sendMessage } = await send(apis[1], groupId, `${groupId}-2`);
  const lastSeq = async () =>
    ask<{ group: { lastSeq: number } }>(apis[0], 'ada', documents.timelinePage, {
      id: groupId,
      atLeast: sendMessage.position,
    }).then(
      ({ group }) => group.lastSeq,
      (error: Error) => error.message,
    );
  await expect.poll(lastSeq, { timeout: 60_000, interval: 500 }).toBe(2);
});
