import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as documents from './documents.ts';
import { type Person, type RunningServer, startTestServer } from './running-server.ts';

let server: RunningServer;
let ada: Person;
let ben: Person;
let cyd: Person;
let stranger: Person;

const group = (groupId: string, members: readonly Person[] = [ben, cyd]) =>
  ada.get<{ createGroup: { position: string } }>(documents.createGroup, {
    input: { groupId, name: `Group ${groupId}`, members: members.map(({ userId }) => ({ userId })) },
  });

const send = (person: Person, groupId: string, messageId: string, text: string, more: object = {}) =>
  person.get<{ sendMessage: { position: string; message: { seq: number; audienceCount: number } } }>(
    documents.sendMessage,
    {
      input: { groupId, messageId, text, ...more },
    },
  );

const mark = (person: Person, groupId: string, upTo: number) =>
  person.get<{ markReadUpTo: { position: string; marks: { markedUpTo: number }[] } }>(documents.markReadUpTo, {
    input: { marks: [{ groupId, upTo }] },
  });

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
  [ada, ben, cyd, stranger] = await Promise.all(
    ['ada', 'ben', 'cyd', 'stranger'].map((id) => server.person(id)) as [
      Promise<Person>,
      Promise<Person>,
      Promise<Person>,
      Promise<Person>,
    ],
  );
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
    const { message } = await ada.get<Counts>(documents.messageCounts, { id: 'c1', atLeast: markReadUpTo.position });
    expect(message.readCount).toBe(1);
    expect(message.audienceCount).toBe(2);
    expect(message.explain).toEqual({ audience: 2, read: 1, notYet: 0, leftBeforeReading: 1 });
    expect(message.readers.edges.map(({ node }) => node.member.userId)).toEqual(['ben']);
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
        id: 'e1',
        text: 'the text',
        mentions: [{ userId: 'ben' }],
        author: { name: 'ada', role: 'OWNER' },
        replyTo: null,
      },
      { id: 'e2', text: null, replyTo: { id: 'e1', text: 'the text' } },
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
    const edges = (list: string) => `${list} { edges { node { id } } }`;
    await ben.get(documents.timelinePage, { id: 'search', atLeast: sendMessage.position });
    const found = await ben.get<object>(
      `{ cafe: ${edges('search(groupId: "search", text: "CAFE malaga")')} none: ${edges('search(groupId: "search", text: "\\"* OR")')} ${edges('mentions(first: 2)')} }`,
    );
    expect(found).toEqual({
      cafe: { edges: [{ node: { id: 's1' } }] },
      none: { edges: [] },
      mentions: { edges: [{ node: { id: 's3' } }, { node: { id: 's2' } }] },
    });
  });

  it('derives what is unread in the inbox', async () => {
    const eva = await server.person('eva');
    await group('inbox', [eva]);
    for (const id of ['i1', 'i2', 'i3']) await send(ada, 'inbox', id, id);
    const { markReadUpTo } = await mark(eva, 'inbox', 1);
    const { inbox } = await eva.get<{ inbox: object }>(
      'query ($at: Position) { inbox(atLeast: $at) { edges { node { unreadCount markedUpTo group { id name membership { role unreadCount } } } } } }',
      { at: markReadUpTo.position },
    );
    const membership = { role: 'MEMBER', unreadCount: 2 };
    expect(inbox).toEqual({
      edges: [{ node: { unreadCount: 2, markedUpTo: 1, group: { id: 'inbox', name: 'Group inbox', membership } } }],
    });
  });
});

describe('bad input over HTTP', () => {
  it('shows an unknown group and a stranger’s group alike', async () => {
    await group('private');
    await send(ada, 'private', 'secret', 'secret');
    for (const id of ['private', 'nowhere']) {
      const { errors, data } = await stranger.ask(documents.timelinePage, { id });
      expect(data).toEqual({ group: null });
      expect(errors).toMatchObject([
        { message: 'There is no such group, or you may not see it.', extensions: { code: 'NOT_FOUND' } },
      ]);
      expect(await stranger.refused(documents.sendMessage, { input: { groupId: id, messageId: 'x', text: 'x' } })).toBe(
        'NOT_FOUND',
      );
      expect(await stranger.refused(documents.markReadUpTo, { input: { marks: [{ groupId: id, upTo: 1 }] } })).toBe(
        'NOT_FOUND',
      );
      expect(
        await stranger.refused('query ($id: ID!) { search(groupId: $id, text: "secret") { edges { cursor } } }', {
          id,
        }),
      ).toBe('NOT_FOUND');
    }
    expect(await stranger.refused(documents.messageCounts, { id: 'secret' })).toBe('NOT_FOUND');
  });

  it('refuses empty and over-long texts and marks beyond the newest message', async () => {
    await group('limits');
    const refusedText = (text: string) =>
      ada.refused(documents.sendMessage, { input: { groupId: 'limits', messageId: 'l1', text } });
    expect(await refusedText('')).toBe('BAD_INPUT');
    expect(await refusedText(' \n')).toBe('BAD_INPUT');
    expect(await refusedText('x'.repeat(8_001))).toBe('BAD_INPUT');
    expect((await send(ada, 'limits', 'l1', '🌊'.repeat(8_000))).sendMessage.message.seq).toBe(1);
    expect(await ben.refused(documents.markReadUpTo, { input: { marks: [{ groupId: 'limits', upTo: 2 }] } })).toBe(
      'BAD_INPUT',
    );
    expect(await ben.refused(documents.markReadUpTo, { input: { marks: [] } })).toBe('BAD_INPUT');
  });

  it('stores the marks that are right when another of the request is refused', async () => {
    await group('some-marks');
    await send(ada, 'some-marks', 'sm1', 'one');
    const { markReadUpTo } = await ben.get<{ markReadUpTo: { marks: object[]; refusals: object[] } }>(
      documents.markReadUpTo,
      {
        input: {
          marks: [
            { groupId: 'some-marks', upTo: 1 },
            { groupId: 'nowhere', upTo: 1 },
          ],
        },
      },
    );
    expect(markReadUpTo.marks).toEqual([{ groupId: 'some-marks', markedUpTo: 1 }]);
    expect(markReadUpTo.refusals).toEqual([{ groupId: 'nowhere', code: 'NOT_FOUND' }]);
  });

  it('tells a removed member that they are no longer one', async () => {
    await group('removed');
    await ada.get(documents.removeMember, { input: { groupId: 'removed', userId: 'ben' } });
    expect(await ben.refused(documents.sendMessage, { input: { groupId: 'removed', messageId: 'x', text: 'x' } })).toBe(
      'NOT_A_MEMBER',
    );
    expect(await ben.refused(documents.timelinePage, { id: 'removed' })).toBe('NOT_A_MEMBER');
    expect(await cyd.refused(documents.removeMember, { input: { groupId: 'removed', userId: 'ada' } })).toBe(
      'FORBIDDEN',
    );
  });

  it('takes the actor from a valid token only', async () => {
    const expired = await server.person('ada', -10);
    expect(await expired.refused('{ me { id } }')).toBe('UNAUTHENTICATED');
    const forged = `${ada.token.slice(0, -4)}AAAA`;
    for (const authorization of [undefined, 'Bearer', `Bearer ${forged}`, `Basic ${ada.token}`]) {
      const response = await fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(authorization !== undefined && { authorization }) },
        body: JSON.stringify({ query: '{ me { id } }' }),
      });
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    }
    expect(await ada.get('{ me { id name } }')).toEqual({ me: { id: 'ada', name: 'ada' } });
  });

  it('answers documents that are wrong, too deep or too large with BAD_INPUT', async () => {
    expect(await ada.refused('{ nonsense }')).toBe('BAD_INPUT');
    expect(await ada.refused('{')).toBe('BAD_INPUT');
    const deep = `${'replyTo { '.repeat(20)} id ${'}'.repeat(20)}`;
    expect(await ada.refused(`{ message(id: "x") { ${deep} } }`)).toBe('BAD_INPUT');
    expect(await ada.refused(`{ ${Array.from({ length: 1_200 }, (_, index) => `a${index}:me{id}`).join(' ')} }`)).toBe(
      'BAD_INPUT',
    );
  });
});
