import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createGroup, mark, send } from './conversation.ts';
import * as documents from './documents.ts';
import { type Person, type RunningServer, startTestServer, take } from './running-server.ts';

let server: RunningServer;
let ada: Person;
let ben: Person;

beforeAll(async () => {
  server = await startTestServer();
  ada = await server.person('ada');
  ben = await server.person('ben');
});

afterAll(() => server.stop());

const subscribeOverEvents = (person: Person, query: string, variables: object, signal?: AbortSignal) =>
  fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      authorization: `Bearer ${person.token}`,
    },
    body: JSON.stringify({ query, variables }),
    ...(signal && { signal }),
  });

/** What a subscription over server-sent events tells: up to its end, or to so many items. */
async function readEvents(response: Response, count = Number.POSITIVE_INFINITY): Promise<object[]> {
  let text = '';
  const items = () =>
    text
      .split('\n')
      .filter((line) => line.startsWith('data: {'))
      .map((line) => JSON.parse(line.slice('data: '.length)) as object);
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    if (items().length >= count) break;
  }
  return items();
}

const nobodyListens = () => vi.waitFor(() => expect(server.services.feed.listenerCount()).toBe(0), 5_000);
const somebodyListens = () => vi.waitFor(() => expect(server.services.feed.listenerCount()).toBeGreaterThan(0), 5_000);

describe('what was deleted or replaced', () => {
  const items =
    'subscription ($groupId: ID!, $after: Int) { timeline(groupId: $groupId, afterVersion: $after) { __typename ... on MessageAdded { version message { text editedAt deletedAt replyTo { text } } } ... on MessageChanged { version changed: text } ... on MessageRemoved { version } } }';
  const told = [
    { __typename: 'MessageAdded', version: 2, message: { text: null, deletedAt: expect.any(String) } },
    { __typename: 'MessageAdded', version: 3, message: { text: 'better', replyTo: { text: null } } },
    { __typename: 'MessageChanged', version: 4, changed: 'better' },
    { __typename: 'MessageChanged', version: 5, changed: 'better' },
    { __typename: 'MessageRemoved', version: 6 },
  ];

  beforeAll(async () => {
    await createGroup(ada, 'gone', [ben]);
    await send(ada, 'gone', 'secret', 'a secret');
    await send(ada, 'gone', 'clumsy', 'a clumsy wording', { replyTo: 'secret' });
    const change = (text: string) =>
      ada.get(documents.editMessage, { input: { groupId: 'gone', messageId: 'clumsy', text } });
    await change('good');
    await change('better');
    await ada.get(documents.deleteMessage, { input: { groupId: 'gone', messageId: 'secret' } });
    await ada.get(documents.addMembers, { input: { groupId: 'gone', members: [{ userId: 'late' }] } });
  });

  it('is told to nobody who catches up over WebSocket, also not to one who joined later', async () => {
    const late = await server.person('late');
    const taken = await take<{ timeline: object }>(
      late.connect(),
      { query: items, variables: { groupId: 'gone', after: 1 } },
      told.length,
    );
    expect(taken.map(({ timeline }) => timeline)).toMatchObject(told);
  });

  it('is told to nobody who catches up over server-sent events', async () => {
    const abort = new AbortController();
    const response = await subscribeOverEvents(ben, items, { groupId: 'gone', after: 1 }, abort.signal);
    const taken = await readEvents(response, told.length);
    abort.abort();
    expect(taken).toMatchObject(told.map((timeline) => ({ data: { timeline } })));
    expect(JSON.stringify(taken)).not.toMatch(/secret|clumsy/);
  });

  it('is not in the answer to its sending, sent again', async () => {
    const { sendMessage } = await ada.get<{ sendMessage: { message: { text: string | null } } }>(
      documents.sendMessage,
      {
        input: { groupId: 'gone', messageId: 'secret', text: 'a secret' },
      },
    );
    expect(sendMessage.message.text).toBeNull();
  });
});

it('refuses at once to wait for a position that the log has not reached', async () => {
  const started = performance.now();
  const { errors } = await ada.ask('{ inbox(atLeast: "9000000000000") { edges { cursor } } }');
  expect(errors).toMatchObject([{ extensions: { code: 'BAD_INPUT', end: expect.any(String) } }]);
  expect(performance.now() - started).toBeLessThan(2_000);
});

describe('what was begun for a subscriber', () => {
  const subscriptions = {
    timeline: 'subscription { timeline(groupId: "begun") { __typename } }',
    readCounts: 'subscription { readCounts(groupId: "begun") { asOf } }',
    inbox: 'subscription { inbox { groupId } }',
  };

  beforeAll(() => createGroup(ada, 'begun', [ben]));

  it.each(Object.entries(subscriptions))('is ended with the token, over server-sent events: %s', async (_, query) => {
    const brief = await server.person('ben', 1);
    await readEvents(await subscribeOverEvents(brief, query, {}));
    await nobodyListens();
  });

  it.each(Object.entries(subscriptions))('is ended when the request is aborted: %s', async (_, query) => {
    const abort = new AbortController();
    await subscribeOverEvents(ben, query, {}, abort.signal);
    await somebodyListens();
    abort.abort();
    await nobodyListens();
  });

  it.each(Object.entries(subscriptions))('is ended when the socket is cut off: %s', async (_, query) => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    socket.on('error', () => {});
    socket.on('open', () =>
      socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${ben.token}` } })),
    );
    socket.on('message', (data) => {
      const { type } = JSON.parse(String(data)) as { type: string };
      if (type === 'connection_ack') socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query } }));
    });
    await somebodyListens();
    socket.terminate();
    await nobodyListens();
  });

  it('is ended when the subscriber goes while the inbox is still being read', async () => {
    const { freshness } = server.services;
    const { atLeast } = freshness;
    const reading = Promise.withResolvers<undefined>();
    Object.assign(freshness, { atLeast: () => reading.promise });
    try {
      const abort = new AbortController();
      const asking = subscribeOverEvents(ben, subscriptions.inbox, {}, abort.signal).catch(() => 'aborted');
      const items = ben.connect().iterate({ query: subscriptions.inbox });
      const next = items.next();
      await vi.waitFor(() => expect(server.services.feed.listenerCount()).toBe(2), 5_000);
      abort.abort();
      await items.return?.();
      expect(await asking).toBe('aborted');
      expect(await next).toMatchObject({ done: true });
      // By the time that it answers what is asked after that, the server has heard of both.
      for (let times = 0; times < 3; times += 1) await ada.get('{ me { id } }');
    } finally {
      Object.assign(freshness, { atLeast });
      reading.resolve(undefined);
    }
    await nobodyListens();
  });

  it('is ended when it is refused', async () => {
    const { freshness } = server.services;
    const { atLeast } = freshness;
    Object.assign(freshness, { atLeast: async () => ({ kind: 'behind', checkpoint: 0, wanted: 1 }) });
    try {
      const asked = take(ben.connect(), { query: subscriptions.inbox }, 1);
      await expect(asked).rejects.toThrow('BEHIND');
    } finally {
      Object.assign(freshness, { atLeast });
    }
    const stranger = await server.person('stranger');
    await expect(take(stranger.connect(), { query: subscriptions.readCounts }, 1)).rejects.toThrow('NOT_FOUND');
    await nobodyListens();
  });

  it('hears marks and messages again after all of that', async () => {
    const items = ben.connect().iterate<{ readCounts: { ranges: object[] } }>({
      query: 'subscription { readCounts(groupId: "begun") { ranges { readCount } } }',
    });
    expect((await items.next()).value?.data?.readCounts.ranges).toEqual([]);
    await send(ada, 'begun', 'first', 'first');
    await mark(ben, 'begun', 1);
    const ranges = async () => (await items.next()).value?.data?.readCounts.ranges;
    while (JSON.stringify(await ranges()) !== '[{"readCount":1}]');
    await items.return?.();
  });
});

it('lets go of a stream of events when its client goes, and not with the next ping', async () => {
  // In tests yoga pings every 300 ms, and would notice by that.
  vi.stubEnv('NODE_ENV', 'production');
  const abort = new AbortController();
  await subscribeOverEvents(ben, 'subscription { inbox { groupId } }', {}, abort.signal);
  await somebodyListens();
  abort.abort();
  await nobodyListens();
  vi.unstubAllEnvs();
});
