import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import * as documents from './documents.ts';
import { type Person, type RunningServer, startTestServer, take } from './running-server.ts';

let server: RunningServer;
let ada: Person;
let ben: Person;

interface Item {
  readonly timeline: {
    readonly __typename: string;
    readonly version: number;
    readonly message?: { readonly messageId: string; readonly seq: number };
  };
}

const createGroup = (groupId: string) =>
  ada.get<{ createGroup: { group: { version: number } } }>(documents.createGroup, {
    input: { groupId, name: groupId, members: [{ userId: 'ben' }] },
  });
const send = (groupId: string, messageId: string) =>
  ada.get<{ sendMessage: { position: string } }>(documents.sendMessage, {
    input: { groupId, messageId, text: messageId },
  });
const versions = (items: readonly Item[]) => items.map(({ timeline }) => timeline.version);

beforeAll(async () => {
  server = await startTestServer();
  ada = await server.person('ada');
  ben = await server.person('ben');
});

afterAll(() => server.stop());

it('hands on every change of a group after a version, in order, first from the log and then live', async () => {
  await createGroup('live');
  await send('live', 'l1');
  const taken = take<Item>(
    ben.connect(),
    { query: documents.timelineItems, variables: { groupId: 'live', after: -1 } },
    9,
  );
  await send('live', 'l2');
  await ada.get(documents.editMessage, { input: { groupId: 'live', messageId: 'l1', text: 'edited' } });
  await ada.get(documents.addReaction, { input: { groupId: 'live', messageId: 'l1', emoji: '👍' } });
  await ada.get(documents.deleteMessage, { input: { groupId: 'live', messageId: 'l2' } });
  await ada.get(documents.addMembers, { input: { groupId: 'live', members: [{ userId: 'cyd' }] } });
  await ada.get('mutation { renameGroup(input: { groupId: "live", name: "Renamed" }) { position } }');
  await send('live', 'l3');
  const items = await taken;
  expect(versions(items)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect(items.map(({ timeline }) => timeline.__typename)).toEqual([
    'GroupChanged',
    'MembersChanged',
    'MessageAdded',
    'MessageAdded',
    'MessageChanged',
    'ReactionsChanged',
    'MessageRemoved',
    'MembersChanged',
    'GroupChanged',
  ]);
});

it('resumes after the last version without a gap while messages go on', async () => {
  await createGroup('resumed');
  const total = 200;
  const sending = (async () => {
    for (let index = 0; index < total; index += 1) await send('resumed', `m${index}`);
  })();
  const seen: number[] = [1];
  while (seen.length < total) {
    const after = seen.at(-1) ?? 1;
    const count = Math.min(17, total - seen.length + 1);
    const items = await take<Item>(
      ben.connect(),
      { query: documents.timelineItems, variables: { groupId: 'resumed', after } },
      count,
    );
    seen.push(...versions(items));
  }
  await sending;
  expect(seen).toEqual(Array.from({ length: seen.length }, (_, index) => index + 1));
});

it('refuses a version that the group has not reached', async () => {
  await createGroup('reached');
  const subscribed = take<Item>(
    ben.connect(),
    { query: documents.timelineItems, variables: { groupId: 'reached', after: 99 } },
    1,
  );
  await expect(subscribed).rejects.toThrow('BAD_INPUT');
});

it('delivers nothing to one who was removed', async () => {
  await createGroup('removal');
  await send('removal', 'r1');
  const query = documents.timelineItems;
  const items = ben.connect().iterate<Item>({ query, variables: { groupId: 'removal', after: 1 } });
  expect((await items.next()).value?.data?.timeline.message?.messageId).toBe('r1');
  const heard = expect(items.next()).rejects.toMatchObject([{ extensions: { code: 'NOT_A_MEMBER' } }]);
  await ada.get(documents.removeMember, { input: { groupId: 'removal', userId: 'ben' } });
  await send('removal', 'r2');
  await heard;
});

it('announces exact counts after the readers have marked', async () => {
  await createGroup('announced');
  for (const id of ['a1', 'a2', 'a3']) await send('announced', id);
  const query = 'subscription { readCounts(groupId: "announced") { asOf ranges { fromSeq toSeq readCount } } }';
  const items = ada.connect().iterate<{ readCounts: { ranges: object[] } }>({ query });
  const first = await items.next();
  expect(first.value?.data?.readCounts.ranges).toEqual([{ fromSeq: 1, toSeq: 3, readCount: 0 }]);
  await ben.get(documents.markReadUpTo, { input: { marks: [{ groupId: 'announced', upTo: 2 }] } });
  const second = await items.next();
  expect(second.value?.data?.readCounts.ranges).toEqual([
    { fromSeq: 1, toSeq: 2, readCount: 1 },
    { fromSeq: 3, toSeq: 3, readCount: 0 },
  ]);
  await items.return?.();
});

it('tells an inbox of being added, of messages, of own marks and of having left', async () => {
  const fay = await server.person('fay');
  const query = 'subscription { inbox { groupId lastSeq markedUpTo unreadCount left group { name } } }';
  const items = fay.connect().iterate<{ inbox: object }>({ query });
  const next = async () => (await items.next()).value?.data?.inbox;
  await createGroup('of-fay');
  let heard: object | undefined;
  const joined = next().then((item) => {
    heard = item;
  });
  // A client is not told when its subscription has begun: it is asked again until being added is heard of.
  for (let added = 0; heard === undefined; added += 1) {
    const groupId = `of-fay-${added}`;
    await ada.get(documents.createGroup, { input: { groupId, name: groupId, members: [{ userId: 'fay' }] } });
    await Promise.race([joined, send(groupId, `${groupId}-first`)]);
  }
  const { groupId } = heard as { groupId: string };
  let item = heard;
  const until = async (expected: object) => {
    while (!Object.entries({ groupId, ...expected }).every(([key, value]) => Reflect.get(item, key) === value)) {
      item = (await next()) ?? {};
    }
    return item;
  };
  await send(groupId, `${groupId}-second`);
  expect(await until({ lastSeq: 2, unreadCount: 2 })).toMatchObject({ left: false, group: { name: groupId } });
  await fay.get(documents.markReadUpTo, { input: { marks: [{ groupId, upTo: 1 }] } });
  await until({ markedUpTo: 1, unreadCount: 1 });
  await fay.get(documents.leaveGroup, { input: { groupId } });
  expect(await until({ left: true })).toMatchObject({ unreadCount: 0, group: null });
  await items.return?.();
});

it('serves subscriptions over server-sent events as well', async () => {
  await createGroup('sse');
  await send('sse', 's1');
  const abort = new AbortController();
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${ben.token}` },
    body: JSON.stringify({ query: documents.timelineItems, variables: { groupId: 'sse', after: 1 } }),
    signal: abort.signal,
  });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    if (text.includes('"s1"')) break;
  }
  abort.abort();
  expect(text).toContain('event: next');
});

async function closeCode(authorization: string | undefined, headers: Record<string, string> = {}): Promise<number> {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers });
  await once(socket, 'open');
  socket.send(
    JSON.stringify({ type: 'connection_init', payload: authorization === undefined ? {} : { authorization } }),
  );
  const [code] = await once(socket, 'close');
  return code;
}

it('closes a socket without a valid token, and one whose token expires', async () => {
  expect(await closeCode(undefined)).toBe(4401);
  expect(await closeCode('Bearer forged.token.here')).toBe(4401);
  const brief = await server.person('brief', 1);
  expect(await closeCode(`Bearer ${brief.token}`)).toBe(4403);
});

it('refuses a socket from a page of another origin', async () => {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
    origin: 'https://evil.example',
  });
  const [error] = (await once(socket, 'error')) as [Error];
  expect(error.message).toContain('403');
});
