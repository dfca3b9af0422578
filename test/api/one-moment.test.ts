import { describe, expect, it } from 'vitest';
import { ReadModelsUnavailable } from '../../src/ports/read-model-faults.ts';
import { momentQueries, type ReadMoment } from '../../src/ports/read-moment.ts';
import { send } from './conversation.ts';
import { patchedMoments } from './patched-moments.ts';
import { take } from './running-server.ts';
import { sending, startWithTwo } from './two-people.ts';

const { server, ada, ben, newGroup } = await startWithTwo();

interface SentMessage {
  readonly sendMessage: {
    readonly position: string;
    readonly message: Record<string, never> & { readonly seq: number };
  };
}

interface Shown {
  readonly lastSeq: number;
  readonly timeline: { readonly edges: readonly object[] };
}

describe('what is reached from an event is no older than it', () => {
  it('a message that was sent to a group made a moment ago shows its group', async () => {
    for (let times = 0; times < 30; times += 1) {
      const groupId = await newGroup();
      const shown = await ada.get<SentMessage>(sending('group { name lastSeq memberCount version createdAt }'), {
        input: { groupId, messageId: 'one', text: 'one' },
      });
      expect(shown.sendMessage.message).toMatchObject({ seq: 1, group: { lastSeq: 1, memberCount: 2, version: 2 } });
    }
  });

  it('a reply to what was sent a moment ago shows it, and its group is no older than the message', async () => {
    const groupId = await newGroup();
    for (let times = 0; times < 20; times += 1) {
      await send(ada, groupId, `first-${times}`, 'first');
      const below = 'replyTo { messageId text } group { lastSeq } reactions { emoji } readCount';
      const input = { groupId, messageId: `reply-${times}`, text: 'reply', replyTo: `first-${times}` };
      const { message } = (await ben.get<SentMessage>(sending(below), { input })).sendMessage;
      expect(message).toMatchObject({ replyTo: { messageId: `first-${times}`, text: 'first' }, readCount: 0 });
      expect((message['group'] as unknown as { lastSeq: number }).lastSeq).toBeGreaterThanOrEqual(message.seq);
    }
  });

  it('each mutation of a document shows what it has done, and the next one what that has', async () => {
    const groupId = await newGroup();
    const document = `mutation ($one: SendMessageInput!, $two: SendMessageInput!, $name: RenameGroupInput!) {
      one: sendMessage(input: $one) { message { seq group { name lastSeq timeline(last: 9) { edges { node { seq } } } } } }
      two: sendMessage(input: $two) { message { seq group { name lastSeq timeline(last: 9) { edges { node { seq } } } } } }
      renameGroup(input: $name) { group { name lastSeq } }
      again: renameGroup(input: $name) { group { name createdAt } }
    }`;
    const input = (messageId: string) => ({ groupId, messageId, text: messageId });
    const shown = await ada.get<Record<string, unknown>>(document, {
      ...{ one: input('one'), two: input('two'), name: { groupId, name: 'Anew' } },
    });
    expect(shown).toMatchObject({
      one: { message: { seq: 1 } },
      two: { message: { seq: 2 } },
      renameGroup: { group: { name: 'Anew' } },
      again: { group: { name: 'Anew' } },
    });
    for (const { message } of [shown['one'], shown['two']] as { message: { seq: number; group: Shown } }[]) {
      // It may have been executed again when all of them had been carried out.
      expect(message.group.lastSeq).toBeGreaterThanOrEqual(message.seq);
      expect(message.group.timeline.edges).toHaveLength(message.group.lastSeq);
    }
    // However often it was executed, each command was given once.
    const { group } = await ada.get<{ group: { version: number; lastSeq: number } }>(
      `{ group(groupId: "${groupId}", atLeast: "${server.services.feed.position()}") { version lastSeq } }`,
    );
    expect(group).toEqual({ version: 4, lastSeq: 2 });
  });
});

it('a command that is no repetition by itself is given once, however often its answer is begun', async () => {
  const eve = await server.person('eve');
  const document =
    'mutation ($input: CreateGroupInput!) { createGroup(input: $input) { position group { createdAt members(first: 9) { edges { node { name } } } } } }';
  for (let made = 1; made <= 3; made += 1) {
    const { createGroup: payload } = await eve.get<{ createGroup: { position: string; group: object } }>(document, {
      input: { name: 'Unnamed' },
    });
    expect(payload.group).toMatchObject({ members: { edges: [{ node: { name: 'eve' } }] } });
    const inbox = await eve.get<{ inbox: { edges: object[] } }>(
      `{ inbox(atLeast: "${payload.position}") { edges { cursor } } }`,
    );
    expect(inbox.inbox.edges).toHaveLength(made);
  }
});

const timelineOf = (groupId: string, below: string) => ({
  query: `subscription { timeline(groupId: "${groupId}", afterVersion: 1) { __typename version ... on MessageAdded { message { ${below} } } } }`,
});
interface Item {
  readonly timeline: { readonly version: number; readonly message: Record<string, unknown> | null };
}

describe('what a subscription delivers stands on its event', () => {
  const away = () => Promise.reject(new ReadModelsUnavailable('by order of the test'));
  const rowsAway = Object.fromEntries(momentQueries.map((name) => [name, away])) as Partial<ReadMoment>;
  const held =
    'seq text author { name } group { name memberCount lastSeq version } readCount audienceCount reactions { emoji }';

  it('as far as memory holds it, it waits for no read model', async () => {
    const groupId = await newGroup();
    await send(ada, groupId, 'one', 'one');
    await patchedMoments(
      server,
      () => rowsAway,
      async () => {
        const [item] = await take<Item>(ben.connect(), timelineOf(groupId, held), 1);
        expect(item?.timeline).toMatchObject({
          version: 2,
          message: {
            seq: 1,
            text: 'one',
            group: { lastSeq: 1, memberCount: 2, version: 2 },
            readCount: 0,
            reactions: [],
          },
        });
      },
    );
  });

  it('what cannot be had takes neither the version nor what is beside it', async () => {
    const groupId = await newGroup();
    await send(ada, groupId, 'one', 'one');
    await patchedMoments(
      server,
      () => rowsAway,
      async () => {
        const client = ben.connect();
        const items = client.iterate<Item>(timelineOf(groupId, 'seq group { createdAt }'));
        const { value } = await items.next();
        await items.return?.();
        expect(value.data).toMatchObject({ timeline: { version: 2, message: null } });
        expect(value.errors).toHaveLength(1);
      },
    );
  });

  it('who has read a message that was sent a moment ago is told as of the message, or later', async () => {
    const groupId = await newGroup();
    const below = 'seq audienceCount readCount explain { audience } readers(first: 2) { edges { node { readAt } } }';
    const taking = take<Item>(ben.connect(), timelineOf(groupId, below), 15);
    for (let times = 0; times < 15; times += 1) await send(ada, groupId, `m${times}`, 'text');
    for (const { timeline } of await taking) {
      expect(timeline.message).toMatchObject({ audienceCount: 1, readCount: 0, explain: { audience: 1 } });
    }
  });

  it('a mark of one’s own is in the inbox’s item that it brings about', async () => {
    const groupId = await newGroup();
    const subscription = {
      query: 'subscription { inbox { groupId lastSeq markedUpTo unreadCount group { lastSeq } } }',
    };
    const items = ben.connect().iterate<{ inbox: { groupId: string; markedUpTo: number } }>(subscription);
    const marked = (async () => {
      for await (const { data } of items) if (data?.inbox.groupId === groupId && data.inbox.markedUpTo > 0) return data;
      return undefined;
    })();
    await server.services.feed.reached(await server.services.log.endPosition(), 1_000);
    for (let times = 0; times < 3; times += 1) await send(ada, groupId, `m${times}`, 'text');
    await ben.get('mutation ($input: MarkReadUpToInput!) { markReadUpTo(input: $input) { position } }', {
      input: { marks: [{ groupId, upTo: 2 }] },
    });
    expect(await marked).toEqual({
      inbox: { groupId, lastSeq: 3, markedUpTo: 2, unreadCount: 1, group: { lastSeq: 3 } },
    });
  });

  it('on groups made a moment ago everything arrives as data, and no older than its event', async () => {
    for (let times = 0; times < 10; times += 1) {
      const groupId = await newGroup();
      const below = 'seq replyTo { text } group { createdAt lastSeq timeline(last: 9) { edges { node { seq } } } }';
      const taking = take<Item>(ben.connect(), timelineOf(groupId, below), 2);
      await send(ada, groupId, 'one', 'one');
      await send(ada, groupId, 'two', 'two', { replyTo: 'one' });
      for (const { timeline } of await taking) {
        const { seq, group } = timeline.message as {
          seq: number;
          group: { lastSeq: number; timeline: { edges: object[] } };
        };
        expect(group.lastSeq).toBeGreaterThanOrEqual(seq);
        expect(group.timeline.edges).toHaveLength(group.lastSeq);
        expect(timeline.message?.['replyTo']).toEqual(seq === 2 ? { text: 'one' } : null);
      }
    }
  });
});
