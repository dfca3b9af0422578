import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGroup, mark, send } from './conversation.ts';
import * as documents from './documents.ts';
import { type Person, type RunningServer, startTestServer } from './running-server.ts';

let server: RunningServer;
let ada: Person;
let ben: Person;
let cyd: Person;

const group = (groupId: string, members: readonly Person[] = [ben, cyd]) => createGroup(ada, groupId, members);

interface Counts {
  readonly message: {
    readonly readCount: number;
    readonly audienceCount: number;
    readonly explain: {
      readonly audience: number;
      readonly read: number;
      readonly notYet: number;
      readonly leftBeforeReading: number;
    };
    readonly readers: {
      readonly edges: readonly { readonly node: { readonly member: { readonly userId: string } } }[];
    };
  };
}

beforeAll(async () => {
  server = await startTestServer();
  [ada, ben, cyd] = await Promise.all([server.person('ada'), server.person('ben'), server.person('cyd')]);
});

afterAll(() => server.stop());

describe('messages over HTTP', () => {
  it('answers a mutation with the position that a query can wait for', async () => {
    await group('positions');
    const { sendMessage } = await send(ada, 'positions', 'p1', 'first');
    const { group: page } = await ben.get<{
      group: { lastSeq: number; timeline: { edges: { node: { text: string } }[] } };
    }>(documents.timelinePage, { id: 'positions', atLeast: sendMessage.position });
    expect(page.lastSeq).toBe(1);
    expect(page.timeline.edges.map(({ node }) => node.text)).toEqual(['first']);
  });

  it('numbers messages that are sent at once without gaps', async () => {
    await group('at-once');
    const sent = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        send([ada, ben, cyd][index % 3] ?? ada, 'at-once', `m${index}`, `text ${index}`),
      ),
    );
    const seqs = sent.map(({ sendMessage }) => sendMessage.message.seq).sort((a, b) => a - b);
    expect(seqs).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
  });

  it('gives a repeated message the same answer and refuses its id to another text', async () => {
    await group('repeats');
    const first = await send(ada, 'repeats', 'r1', 'once');
    const again = await send(ada, 'repeats', 'r1', 'once');
    expect(again.sendMessage.message).toEqual(first.sendMessage.message);
    expect(
      await ada.refused(documents.sendMessage, { input: { groupId: 'repeats', messageId: 'r1', text: 'twice' } }),
    ).toBe('CONFLICT');
    expect(
      await ben.refused(documents.sendMessage, { input: { groupId: 'repeats', messageId: 'r1', text: 'once' } }),
    ).toBe('CONFLICT');
  });

  it('counts readers exactly, by the audience when the message was sent', async () => {
    await group('counts');
    await send(ada, 'counts', 'c1', 'to two');
    await mark(ben, 'counts', 1);
    await cyd.get(documents.leaveGroup, { input: { groupId: 'counts' } });
    await ada.get(documents.addMembers, { input: { groupId: 'counts', members: [{ userId: 'dan' }] } });
    const { markReadUpTo } = await mark(await server.person('dan'), 'counts', 1);
    const { message } = await ada.get<Counts>(documents.messageCounts, {
      groupId: 'counts',
      messageId: 'c1',
      atLeast: markReadUpTo.position,
    });
    expect(message.readCount).toBe(1);
    expect(message.audienceCount).toBe(2);
    expect(message.explain).toEqual({ audience: 2, read: 1, notYet: 0, leftBeforeReading: 1 });
    expect(message.readers.edges.map(({ node }) => node.member.userId)).toEqual(['ben']);
  });

  it('shows of one id the message of the group that is asked for, whoever else has taken the id', async () => {
    const eve = await server.person('eve');
    await group('first');
    await createGroup(eve, 'second', []);
    await send(ada, 'first', 'taken', 'hers');
    const { position: atLeast } = (await send(eve, 'second', 'taken', 'another’s')).sendMessage;
    const read = (groupId: string) => ({ groupId, messageId: 'taken', atLeast });
    expect(await ada.get(documents.messageCounts, read('first'))).toMatchObject({ message: { text: 'hers' } });
    expect(await eve.get(documents.messageCounts, read('second'))).toMatchObject({ message: { text: 'another’s' } });
    expect(await ada.refused(documents.messageCounts, read('second'))).toBe('NOT_FOUND');
    expect(await ada.refused(documents.messageCounts, { groupId: 'first', messageId: 'none' })).toBe('NOT_FOUND');
  });

  it('accepts a mark backwards and changes nothing by it', async () => {
    await group('backwards');
    for (const id of ['b1', 'b2', 'b3']) await send(ada, 'backwards', id, id);
    await mark(ben, 'backwards', 3);
    expect((await mark(ben, 'backwards', 1)).markReadUpTo.marks).toEqual([{ groupId: 'backwards', markedUpTo: 3 }]);
  });

  it('edits, deletes and reacts, and shows it in the timeline', async () => {
    await group('changes');
    await send(ada, 'changes', 'e1', 'teh text', { mentions: ['ben'] });
    await send(ben, 'changes', 'e2', 'an answer', { replyTo: 'e1' });
    const edited = await ada.get<{ editMessage: { message: { text: string } } }>(documents.editMessage, {
      input: { groupId: 'changes', messageId: 'e1', text: 'the text' },
    });
    expect(edited.editMessage.message.text).toBe('the text');
    await ben.get(documents.addReaction, { input: { groupId: 'changes', messageId: 'e1', emoji: '👍' } });
    await cyd.get(documents.addReaction, { input: { groupId: 'changes', messageId: 'e1', emoji: '👍' } });
    const removed = await cyd.get<{ removeReaction: { message: { reactions: object[] } } }>(documents.removeReaction, {
      input: { groupId: 'changes', messageId: 'e1', emoji: '👍' },
    });
    expect(removed.removeReaction.message.reactions).toEqual([{ emoji: '👍', count: 1 }]);
    const { deleteMessage } = await ben.get<{ deleteMessage: { position: string } }>(documents.deleteMessage, {
      input: { groupId: 'changes', messageId: 'e2' },
    });
    const { group: page } = await cyd.get<{ group: { timeline: { edges: { node: object }[] } } }>(
      documents.timelinePage,
      {
        id: 'changes',
        atLeast: deleteMessage.position,
      },
    );
    expect(page.timeline.edges.map(({ node }) => node)).toMatchObject([
      {
        messageId: 'e1',
        text: 'the text',
        mentions: [{ userId: 'ben' }],
        author: { name: 'ada', role: 'OWNER' },
        replyTo: null,
      },
      { messageId: 'e2', text: null, replyTo: { messageId: 'e1', text: 'the text' } },
    ]);
    expect(
      await cyd.refused(documents.editMessage, { input: { groupId: 'changes', messageId: 'e1', text: 'mine' } }),
    ).toBe('FORBIDDEN');
  });

  it('pages through a timeline by opaque cursors that belong to it', async () => {
    await group('pages');
    await group('pages-other');
    let position = '';
    for (let index = 1; index <= 7; index += 1) {
      position = (await send(ada, 'pages', `g${index}`, `text ${index}`)).sendMessage.position;
    }
    interface Page {
      group: {
        timeline: {
          edges: { node: { seq: number } }[];
          pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string };
        };
      };
    }
    const seqs = ({ group: { timeline } }: Page) => timeline.edges.map(({ node }) => node.seq);
    const newest = await ada.get<Page>(documents.timelinePage, { id: 'pages', last: 3, atLeast: position });
    expect(seqs(newest)).toEqual([5, 6, 7]);
    const { startCursor } = newest.group.timeline.pageInfo;
    const older = await ada.get<Page>(documents.timelinePage, { id: 'pages', last: 3, before: startCursor });
    expect(seqs(older)).toEqual([2, 3, 4]);
    expect(older.group.timeline.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
    const forwards = await ada.get<Page>(documents.timelinePage, { id: 'pages', first: 2, after: startCursor });
    expect(seqs(forwards)).toEqual([6, 7]);
    expect(await ada.refused(documents.timelinePage, { id: 'pages-other', last: 3, before: startCursor })).toBe(
      'BAD_INPUT',
    );
    expect(await ada.refused(documents.timelinePage, { id: 'pages', last: 3, before: 'nonsense' })).toBe('BAD_INPUT');
    expect(await ada.refused(documents.timelinePage, { id: 'pages', last: 1_000 })).toBe('BAD_INPUT');
  });

  it('finds messages by their words and by who is mentioned', async () => {
    await group('search');
    await send(ada, 'search', 's1', 'A café in Málaga');
    await send(ada, 'search', 's2', 'hello @all');
    const { sendMessage } = await send(ada, 'search', 's3', 'hello ben', { mentions: ['ben'] });
    const edges = (list: string) => `${list} { edges { node { messageId } } }`;
    await ben.get(documents.timelinePage, { id: 'search', atLeast: sendMessage.position });
    const found = await ben.get<object>(
      `{ cafe: ${edges('search(groupId: "search", text: "CAFE malaga")')} none: ${edges('search(groupId: "search", text: "\\"* OR")')} ${edges('mentions(first: 2)')} }`,
    );
    expect(found).toEqual({
      cafe: { edges: [{ node: { messageId: 's1' } }] },
      none: { edges: [] },
      mentions: { edges: [{ node: { messageId: 's3' } }, { node: { messageId: 's2' } }] },
    });
  });

  it('derives what is unread in the inbox', async () => {
    const eva = await server.person('eva');
    await group('inbox', [eva]);
    for (const id of ['i1', 'i2', 'i3']) await send(ada, 'inbox', id, id);
    const { markReadUpTo } = await mark(eva, 'inbox', 1);
    const { inbox } = await eva.get<{ inbox: object }>(
      'query ($at: Position) { inbox(atLeast: $at) { edges { node { unreadCount markedUpTo group { groupId name membership { role unreadCount } } } } } }',
      { at: markReadUpTo.position },
    );
    const membership = { role: 'MEMBER', unreadCount: 2 };
    expect(inbox).toEqual({
      edges: [
        { node: { unreadCount: 2, markedUpTo: 1, group: { groupId: 'inbox', name: 'Group inbox', membership } } },
      ],
    });
  });
});
