import { afterAll, beforeAll, expect, it } from 'vitest';
import { createGroup, send } from './conversation.ts';
import * as documents from './documents.ts';
import { type Person, type RunningServer, startTestServer } from './running-server.ts';

let server: RunningServer;
let ada: Person;
let ben: Person;

beforeAll(async () => {
  server = await startTestServer();
  ada = await server.person('ada');
  ben = await server.person('ben');
});

afterAll(() => server.stop());

const group = (selection: string) => `query ($id: ID!) { group(groupId: $id) { ${selection} } }`;
const message = (selection: string) =>
  `query ($id: ID!) { message(groupId: $id, messageId: "answer") { ${selection} } }`;

interface Read {
  readonly store: 'readModels' | 'messages';
  readonly method: string;
  /** Which call of it, where the query makes several. */
  readonly call?: number;
  readonly query: string;
}

let groups = 0;

it.each<Read>([
  { store: 'readModels', method: 'groups', query: group('name') },
  { store: 'readModels', method: 'membersPage', query: group('members { edges { node { userId } } }') },
  { store: 'messages', method: 'timelinePage', query: group('timeline { edges { node { text } } }') },
  { store: 'messages', method: 'messages', query: message('text') },
  { store: 'readModels', method: 'groups', query: message('group { name }') },
  { store: 'messages', method: 'messages', call: 2, query: message('replyTo { text }') },
  { store: 'readModels', method: 'reactionCounts', query: message('reactions { count }') },
  { store: 'readModels', method: 'membersByName', query: group('members(query: "ada") { nodes { userId } }') },
  { store: 'messages', method: 'messagesBySeq', query: group('lastMessage { text }') },
  { store: 'messages', method: 'timelinePage', query: group('timeline(around: 1) { nodes { text } }') },
  { store: 'readModels', method: 'mentionCounts', query: group('membership { unreadMentionCount }') },
  { store: 'readModels', method: 'reactionMembers', query: message('reactions { members { nodes { userId } } }') },
  { store: 'readModels', method: 'ownReactions', query: message('reactions { viewerHasReacted }') },
  { store: 'readModels', method: 'readersPage', query: message('readers { edges { node { readAt } } }') },
  {
    store: 'messages',
    method: 'search',
    query: 'query ($id: ID!) { search(groupId: $id, text: "soup") { edges { node { text } } } }',
  },
])('who is removed while $method is read for $query is not told', async ({ store, method, call = 1, query }) => {
  groups += 1;
  const groupId = `group-${groups}`;
  await createGroup(ada, groupId, [ben]);
  await send(ada, groupId, 'question', 'soup');
  await send(ada, groupId, 'answer', 'soup', { replyTo: 'question', mentions: ['ben'] });
  await ada.get(documents.addReaction, { input: { groupId, messageId: 'answer', emoji: '👍' } });
  await server.services.freshness.atLeast(await server.services.log.endPosition());
  const owner: Record<string, unknown> = { ...server.services[store] };
  const read = owner[method] as (...values: readonly unknown[]) => Promise<unknown>;
  let calls = 0;
  const slowly = async (...values: readonly unknown[]) => {
    const rows = await read(...values);
    calls += 1;
    if (calls < call) return rows;
    Object.assign(server.services[store], { [method]: read });
    await ada.get(documents.removeMember, { input: { groupId, userId: 'ben' } });
    return rows;
  };
  Object.assign(server.services[store], { [method]: slowly });
  const { data, errors } = await ben.ask(query, { id: groupId });
  expect(errors).toMatchObject([{ extensions: { code: 'NOT_A_MEMBER' } }]);
  expect(JSON.stringify(data ?? null)).not.toMatch(/soup|edges|nodes|true|false|"ada"|[0-9]/);
});
