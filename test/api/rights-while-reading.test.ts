import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MomentQueries, ReadMoment } from '../../src/ports/read-moment.ts';
import { createGroup, send } from './conversation.ts';
import * as documents from './documents.ts';
import { patchedMoments } from './patched-moments.ts';
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
  readonly method: keyof MomentQueries;
  /** Which call of it, where the query makes several. */
  readonly call?: number;
  readonly query: string;
}

let groups = 0;

it.each<Read>([
  { method: 'groups', query: group('name') },
  { method: 'membersPage', query: group('members { edges { node { userId } } }') },
  { method: 'timelinePage', query: group('timeline { edges { node { text } } }') },
  { method: 'messages', query: message('text') },
  { method: 'groups', query: message('group { name }') },
  { method: 'messages', call: 2, query: message('replyTo { text }') },
  { method: 'reactionCounts', query: message('reactions { count }') },
  { method: 'membersByName', query: group('members(query: "ada") { nodes { userId } }') },
  { method: 'messagesBySeq', query: group('lastMessage { text }') },
  { method: 'timelinePage', query: group('timeline(around: 1) { nodes { text } }') },
  { method: 'mentionCounts', query: group('membership { unreadMentionCount }') },
  { method: 'reactionMembers', query: message('reactions { members { nodes { userId } } }') },
  { method: 'ownReactions', query: message('reactions { viewerHasReacted }') },
  { method: 'readersPage', query: message('readers { edges { node { readAt } } }') },
  {
    method: 'search',
    query: 'query ($id: ID!) { search(groupId: $id, text: "soup") { edges { node { text } } } }',
  },
])('who is removed while $method is read for $query is not told', async ({ method, call = 1, query }) => {
  groups += 1;
  const groupId = `group-${groups}`;
  await createGroup(ada, groupId, [ben]);
  await send(ada, groupId, 'question', 'soup');
  await send(ada, groupId, 'answer', 'soup', { replyTo: 'question', mentions: ['ben'] });
  await ada.get(documents.addReaction, { input: { groupId, messageId: 'answer', emoji: '👍' } });
  await server.services.freshness.atLeast(await server.services.log.endPosition());
  let calls = 0;
  const slowly = (moment: ReadMoment): Partial<ReadMoment> => ({
    async [method](...values: readonly unknown[]) {
      const rows = await (moment[method] as (...all: readonly unknown[]) => Promise<unknown>)(...values);
      calls += 1;
      if (calls === call) await ada.get(documents.removeMember, { input: { groupId, userId: 'ben' } });
      return rows;
    },
  });
  const { data, errors } = await patchedMoments(server, slowly, () => ben.ask(query, { id: groupId }));
  expect(calls).toBeGreaterThanOrEqual(call);
  expect(errors).toMatchObject([{ extensions: { code: 'NOT_A_MEMBER' } }]);
  expect(JSON.stringify(data ?? null)).not.toMatch(/soup|edges|nodes|true|false|"ada"|[0-9]/);
});
