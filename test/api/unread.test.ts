import { afterAll, beforeAll, expect, test } from 'vitest';
import { createGroup, mark, send } from './conversation.ts';
import * as documents from './documents.ts';
import { type Person, type RunningServer, startTestServer } from './running-server.ts';

let server: RunningServer;
let ada: Person;
let bob: Person;
let eve: Person;

beforeAll(async () => {
  server = await startTestServer();
  [ada, bob, eve] = await Promise.all([server.person('ada'), server.person('bob'), server.person('eve')]);
  for (const groupId of ['one', 'two', 'three', 'silent']) await createGroup(ada, groupId, [bob]);
  await createGroup(eve, 'others', []);
});
afterAll(() => server.stop());

const end = async () => String(await server.services.log.endPosition());

interface Standing {
  readonly lastMessage: { readonly seq: number; readonly text: string | null } | null;
  readonly membership: object;
}
const standing = async (person: Person, groupId: string): Promise<Standing> => {
  const query = `query ($groupId: ID!, $atLeast: Position) { group(groupId: $groupId, atLeast: $atLeast) {
    lastMessage { seq text } membership { markedUpTo unreadCount firstUnreadSeq unreadMentionCount } } }`;
  const variables = { groupId, atLeast: await end() };
  return (await person.get<{ group: Standing }>(query, variables)).group;
};
const badge = async (person: Person) => {
  await server.services.freshness.atLeast(await server.services.log.endPosition());
  return (await person.get<{ me: object }>('{ me { unreadGroupCount unreadMentionCount } }')).me;
};

test('a group says where one has stopped reading, and what of the rest is for oneself; a person, in how many groups', async () => {
  expect(await standing(bob, 'silent')).toEqual({
    lastMessage: null,
    membership: { markedUpTo: 0, unreadCount: 0, firstUnreadSeq: null, unreadMentionCount: 0 },
  });
  for (const [index, text] of ['first', 'hey @all', 'to bob', 'to bob and @all', 'last'].entries()) {
    await send(ada, 'one', `m${index + 1}`, text, text.startsWith('to bob') ? { mentions: ['bob'] } : {});
  }
  await send(ada, 'two', 'm1', 'to bob', { mentions: ['bob'] });
  expect(await standing(bob, 'one')).toEqual({
    lastMessage: { seq: 5, text: 'last' },
    membership: { markedUpTo: 0, unreadCount: 5, firstUnreadSeq: 1, unreadMentionCount: 3 },
  });
  expect(await badge(bob)).toEqual({ unreadGroupCount: 2, unreadMentionCount: 4 });
  // One’s own messages are not unread, nor are one’s own mentions of everybody.
  expect(await badge(ada)).toEqual({ unreadGroupCount: 0, unreadMentionCount: 0 });
  await mark(bob, 'one', 2);
  await ada.get(documents.deleteMessage, { input: { groupId: 'one', messageId: 'm5' } });
  expect(await standing(bob, 'one')).toEqual({
    lastMessage: { seq: 5, text: null },
    membership: { markedUpTo: 2, unreadCount: 3, firstUnreadSeq: 3, unreadMentionCount: 2 },
  });
  await mark(bob, 'two', 1);
  expect(await badge(bob)).toEqual({ unreadGroupCount: 1, unreadMentionCount: 2 });
  await send(bob, 'one', 'm6', 'answered');
  expect(await standing(bob, 'one')).toMatchObject({
    lastMessage: { seq: 6, text: 'answered' },
    membership: { unreadCount: 0, firstUnreadSeq: null, unreadMentionCount: 0 },
  });
  expect(await badge(bob)).toEqual({ unreadGroupCount: 0, unreadMentionCount: 0 });
  expect(await badge(ada)).toEqual({ unreadGroupCount: 1, unreadMentionCount: 0 });
});

test('who has left has nothing unread there', async () => {
  await createGroup(ada, 'left', [bob]);
  await send(ada, 'left', 'm1', 'to bob', { mentions: ['bob'] });
  expect(await badge(bob)).toEqual({ unreadGroupCount: 1, unreadMentionCount: 1 });
  await ada.get(documents.removeMember, { input: { groupId: 'left', userId: 'bob' } });
  expect(await badge(bob)).toEqual({ unreadGroupCount: 0, unreadMentionCount: 0 });
  expect(await bob.refused('{ group(groupId: "left") { lastMessage { text } } }')).toBe('NOT_A_MEMBER');
});

interface Found {
  readonly search: {
    readonly edges: readonly { readonly cursor: string; readonly node: { readonly text: string } }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly hasPreviousPage: boolean };
  };
}
const search = (person: Person, variables: object) =>
  person.get<Found>(
    `query ($text: String!, $groupId: ID, $first: Int, $after: String, $atLeast: Position) {
      search(text: $text, groupId: $groupId, first: $first, after: $after, atLeast: $atLeast) {
        edges { cursor node { text } } pageInfo { hasNextPage hasPreviousPage } } }`,
    variables,
  );
const texts = ({ search: { edges } }: Found) => edges.map(({ node }) => node.text);

test('a search without a group goes through all of one’s own, as of what was just written, page after page', async () => {
  for (const [index, groupId] of ['one', 'two', 'three', 'one', 'three'].entries()) {
    await send(ada, groupId, `hay-${index}`, `hay ${index}`);
  }
  await send(eve, 'others', 'hay', 'hay of others');
  await createGroup(ada, 'gone', [bob]);
  const last = await send(ada, 'gone', 'hay', 'hay of a group that was left');
  await ada.get(documents.removeMember, { input: { groupId: 'gone', userId: 'bob' } });
  const atLeast = last.sendMessage.position;
  const first = await search(bob, { text: 'HAY', first: 2, atLeast });
  expect(texts(first)).toEqual(['hay 4', 'hay 3']);
  expect(first.search.pageInfo).toEqual({ hasNextPage: true, hasPreviousPage: false });
  const after = first.search.edges[1]?.cursor;
  const rest = await search(bob, { text: 'HAY', first: 9, after, atLeast });
  expect(texts(rest)).toEqual(['hay 2', 'hay 1', 'hay 0']);
  expect(rest.search.pageInfo).toEqual({ hasNextPage: false, hasPreviousPage: true });
  expect(texts(await search(bob, { text: 'hay', groupId: 'three', atLeast }))).toEqual(['hay 4', 'hay 2']);
  expect(texts(await search(eve, { text: 'hay', atLeast }))).toEqual(['hay of others']);
  expect(texts(await search(await server.person('nobody'), { text: 'hay', atLeast }))).toEqual([]);
  // A cursor of all groups is none of one group’s.
  const { errors } = await bob.ask(
    'query ($after: String) { search(text: "HAY", groupId: "one", after: $after) { nodes { seq } } }',
    { after },
  );
  expect(errors).toMatchObject([{ extensions: { reason: 'CURSOR_INVALID' } }]);
});

test('mentions and searches wait for what was just written', async () => {
  const query = `query ($atLeast: Position, $text: String!) {
    mentions(first: 1, atLeast: $atLeast) { nodes { text } } search(text: $text, atLeast: $atLeast) { nodes { text } } }`;
  for (let round = 0; round < 10; round += 1) {
    const text = `round${round}`;
    const sent = await send(ada, 'three', `r${round}`, text, { mentions: ['bob'] });
    const answer = await bob.get(query, { atLeast: sent.sendMessage.position, text });
    expect(answer).toEqual({ mentions: { nodes: [{ text }] }, search: { nodes: [{ text }] } });
  }
  const beyond = String(Number(await end()) + 1_000_000);
  expect((await bob.ask(query, { atLeast: beyond, text: 'x' })).errors).toMatchObject([
    { extensions: { code: 'BAD_INPUT' } },
    { extensions: { code: 'BAD_INPUT' } },
  ]);
});
