import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeNodeId, type NodeKey } from '../../src/api/node-id.ts';
import { createGroup, send } from './conversation.ts';
import * as documents from './documents.ts';
import { type Person, type RunningServer, startTestServer } from './running-server.ts';

let server: RunningServer;
let ada: Person;
let ben: Person;
let eve: Person;

/** Ids as people may choose them, at their longest and with whatever a separator could be. */
const oddIds = [
  'a/b',
  'a',
  'b/a/',
  '%2F',
  'grüße',
  '群組',
  '😀👩‍🚀'.replace('\u200d', ''),
  '"]',
  'x'.repeat(128),
  '𝐁'.repeat(64),
];

beforeAll(async () => {
  server = await startTestServer();
  [ada, ben, eve] = (await Promise.all(['ada', 'ben', 'eve'].map((name) => server.person(name)))) as [
    Person,
    Person,
    Person,
  ];
  await createGroup(ada, 'lunch', [ben]);
  await createGroup(eve, 'other', []);
  // The same message id in both, and the stranger's first.
  await send(eve, 'other', 'm1', 'of the other group');
  const { sendMessage } = await send(ada, 'lunch', 'm1', 'of lunch');
  await ada.get(documents.timelinePage, { id: 'lunch', atLeast: sendMessage.position });
});
afterAll(() => server.stop());

interface Shown {
  readonly me: { readonly id: string };
  readonly group: Readonly<Record<'members' | 'timeline', { readonly nodes: readonly { readonly id: string }[] }>> & {
    readonly id: string;
  };
}

const everything = `query ($id: ID!) { node(id: $id) { __typename id
  ... on Group { groupId name } ... on Member { userId name isPresent } ... on Message { messageId text } ... on User { userId name } } }`;
const nodeOf = async (person: Person, key: NodeKey) =>
  (await person.ask(everything, { id: encodeNodeId(key) })) as object;

it('answers what the id of anything names, with the same id', async () => {
  const { group, me } = await ada.get<Shown>(`{ me { id }
    group(groupId: "lunch") { id members { nodes { id } } timeline { nodes { id } } } }`);
  const message = group.timeline.nodes[0]?.id;
  const ids = [group.id, me.id, message, ...group.members.nodes.map(({ id }) => id)];
  expect(new Set(ids).size).toBe(5);
  for (const id of ids) expect(await ada.get(everything, { id })).toMatchObject({ node: { id } });
  expect(await ada.get(everything, { id: message })).toMatchObject({
    node: { __typename: 'Message', text: 'of lunch' },
  });
});

it.each<[string, NodeKey]>([
  ['a group', { type: 'Group', groupId: 'lunch' }],
  ['a member', { type: 'Member', groupId: 'lunch', userId: 'ada' }],
  ['a message', { type: 'Message', groupId: 'lunch', messageId: 'm1' }],
  ['a user who is somebody else', { type: 'User', userId: 'ada' }],
  ['a group that is not there', { type: 'Group', groupId: 'nowhere' }],
  ['a member who never was one', { type: 'Member', groupId: 'other', userId: 'ada' }],
  ['a message that is not there', { type: 'Message', groupId: 'other', messageId: 'm2' }],
])('is null, without an error, to one who may not see it: %s', async (_, key) => {
  expect(await nodeOf(eve, key)).toEqual({ status: 200, data: { node: null }, errors: undefined });
});

it('is null to one who may see it no longer, and hidden by no stranger who takes the same message id', async () => {
  await createGroup(ada, 'left', [ben]);
  const key = { type: 'Group', groupId: 'left' } as const;
  const { leaveGroup } = await ben.get<{ leaveGroup: { position: string } }>(documents.leaveGroup, {
    input: { groupId: 'left' },
  });
  await ada.get(documents.timelinePage, { id: 'left', atLeast: leaveGroup.position });
  expect(await nodeOf(ben, key)).toMatchObject({ data: { node: null }, errors: undefined });
  expect(await nodeOf(ada, { ...key, type: 'Member', userId: 'ben' })).toMatchObject({
    data: { node: { isPresent: false } },
  });
  expect(await nodeOf(ada, { type: 'Message', groupId: 'lunch', messageId: 'm1' })).toMatchObject({
    data: { node: { text: 'of lunch' } },
  });
});

it('is refused to nobody’s token, whatever it names', async () => {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: everything, variables: { id: encodeNodeId({ type: 'Group', groupId: 'nowhere' }) } }),
  });
  expect(await response.json()).toMatchObject({
    errors: [{ extensions: { code: 'UNAUTHENTICATED', reason: 'TOKEN_MISSING' } }],
  });
});

it('tells ids apart whatever their parts are made of', async () => {
  const keys: NodeKey[] = oddIds.flatMap((groupId) => [
    { type: 'Group', groupId },
    { type: 'User', userId: groupId },
    ...oddIds.flatMap((id): NodeKey[] => [
      { type: 'Member', groupId, userId: id },
      { type: 'Message', groupId, messageId: id },
    ]),
  ]);
  expect(new Set(keys.map(encodeNodeId)).size).toBe(keys.length);
  for (const groupId of oddIds) await createGroup(ada, groupId, []);
  for (const groupId of oddIds) {
    const { sendMessage } = await send(ada, groupId, 'b/a/', `to ${groupId}`);
    const key = { type: 'Message', groupId, messageId: 'b/a/' } as const;
    await ada.get(documents.timelinePage, { id: groupId, atLeast: sendMessage.position });
    expect(await nodeOf(ada, key)).toMatchObject({ data: { node: { messageId: 'b/a/', text: `to ${groupId}` } } });
    expect(await nodeOf(eve, key)).toMatchObject({ data: { node: null } });
  }
});

it('lets one refused root field take no other answer with it', async () => {
  const query = `{ mine: group(groupId: "other") { name } foreign: message(groupId: "lunch", messageId: "m1") { text }
    search(groupId: "lunch", text: "lunch") { nodes { text } } inbox { nodes { groupId } } }`;
  expect(await eve.ask(query)).toMatchObject({
    data: { mine: { name: 'Group other' }, foreign: null, search: null, inbox: { nodes: [{ groupId: 'other' }] } },
    errors: [{ extensions: { reason: 'GROUP_NOT_FOUND' } }, { extensions: { reason: 'GROUP_NOT_FOUND' } }],
  });
  const two = `mutation { one: renameGroup(input: { groupId: "lunch", name: "Mine" }) { position } two: renameGroup(input: { groupId: "other", name: "Group other" }) { group { name } } }`;
  expect(await eve.ask(two)).toMatchObject({ data: { one: null, two: { group: { name: 'Group other' } } } });
});
