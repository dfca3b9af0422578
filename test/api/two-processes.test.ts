import { afterAll, beforeAll, expect, it } from 'vitest';
import { startWireServer, type WireServer } from '../servers/wire-server.ts';
import { createGroup, mark, send } from './conversation.ts';
import * as documents from './documents.ts';
import { type Person, type RunningServer, startTestServer, take } from './running-server.ts';

/**
 * Two processes on one log, each with read models of its own: what one of them has acknowledged holds at the other, which
 * may not have heard of it yet.
 */
let log: WireServer;
let here: RunningServer;
let there: RunningServer;

beforeAll(async () => {
  log = await startWireServer();
  const environment = {
    HIGHWATER_EVENTSTORE_URL: log.url,
    HIGHWATER_JWT_SECRET: 'a secret that both of the processes know',
  };
  [here, there] = await Promise.all([startTestServer({ environment }), startTestServer({ environment })]);
});

afterAll(async () => {
  await Promise.all([here, there].map((server) => server.stop()));
  await log.stop();
});

/** One person, at both. */
const at = (userId: string): Promise<[Person, Person]> =>
  Promise.all([here, there].map((server) => server.person(userId))) as Promise<[Person, Person]>;

interface Item {
  readonly timeline: {
    readonly version: number;
    readonly message?: { readonly messageId: string; readonly seq: number };
  };
}
const follow = (person: Person, groupId: string, after: number, count: number) =>
  take<Item>(person.connect(), { query: documents.timelineItems, variables: { groupId, after } }, count);

it('messages that are sent at both at once stand in one order, without a gap, and are delivered so at both', async () => {
  const [[ada, adaThere], [ben, benThere]] = await Promise.all([at('ada'), at('ben')]);
  await createGroup(ada, 'both', [ben]);
  const each = 40;
  const items = Promise.all([follow(ben, 'both', 1, 2 * each), follow(benThere, 'both', 1, 2 * each)]);
  const sendAll = async (sender: Person, name: string) => {
    for (let index = 0; index < each; index += 1) await send(sender, 'both', `${name}-${index}`, 'text');
  };
  await Promise.all([sendAll(ada, 'here'), sendAll(adaThere, 'there')]);
  const [one, other] = await items;
  expect(one.map(({ timeline }) => timeline.message?.seq)).toEqual(Array.from({ length: 2 * each }, (_, i) => i + 1));
  expect(other).toEqual(one);
});

it('a repetition at the other process stores nothing twice', async () => {
  const [[ada, adaThere], [ben]] = await Promise.all([at('ada'), at('ben')]);
  await createGroup(ada, 'again', [ben]);
  await createGroup(adaThere, 'again', [ben]);
  const first = await send(ada, 'again', 'm1', 'once');
  const second = await send(adaThere, 'again', 'm1', 'once');
  expect(second.sendMessage.message?.seq ?? 1).toBe(1);
  const third = await send(adaThere, 'again', 'm2', 'next');
  expect(third.sendMessage.message.seq).toBe(2);
  expect(Number(third.sendMessage.position)).toBeGreaterThan(Number(first.sendMessage.position));
});

it('whoever was added at one process reads and writes at the other at once, and whoever was removed does neither', async () => {
  const [[ada], [, cydThere]] = await Promise.all([at('ada'), at('cyd')]);
  await createGroup(ada, 'rights', []);
  expect(await cydThere.refused('{ group(groupId: "rights") { name } }')).toBe('NOT_FOUND');
  for (let round = 0; round < 10; round += 1) {
    await ada.get(documents.addMembers, { input: { groupId: 'rights', members: [{ userId: 'cyd' }] } });
    await send(cydThere, 'rights', `by-cyd-${round}`, 'text');
    const { position } = (await send(ada, 'rights', `by-ada-${round}`, 'text')).sendMessage;
    await cydThere.get('query ($at: Position) { group(groupId: "rights", atLeast: $at) { name } }', { at: position });
    const items = cydThere
      .connect()
      .iterate<Item>({ query: documents.timelineItems, variables: { groupId: 'rights' } });
    const heard = expect(items.next()).rejects.toMatchObject([{ extensions: { code: 'NOT_A_MEMBER' } }]);
    // Its own mark, or a change of it, shows that the subscription has begun; a removal ends it.
    await ada.get(documents.removeMember, { input: { groupId: 'rights', userId: 'cyd' } });
    expect(
      await cydThere.refused(documents.sendMessage, { input: { groupId: 'rights', messageId: 'no', text: 'no' } }),
    ).toBe('NOT_A_MEMBER');
    await heard;
  }
});

it('counts are exact at both once they have reached a position, whoever marked where', async () => {
  const [[ada, adaThere], ...readers] = await Promise.all([at('ada'), at('r1'), at('r2'), at('r3')]);
  await createGroup(
    ada,
    'counts',
    readers.map(([reader]) => reader),
  );
  for (let index = 1; index <= 9; index += 1)
    await send(index % 2 === 0 ? ada : adaThere, 'counts', `c${index}`, 'text');
  let newest = 0;
  for (const [index, pair] of readers.entries()) {
    const { position } = (await mark(pair[index % 2 === 0 ? 0 : 1], 'counts', 3 * (index + 1))).markReadUpTo;
    newest = Math.max(newest, Number(position));
  }
  const expected = [3, 3, 3, 2, 2, 2, 1, 1, 1];
  const query = `query ($id: ID!, $at: Position) { group(groupId: $id, atLeast: $at) {
    timeline(last: 50) { edges { node { readCount explain { read notYet } } } } } }`;
  for (const person of [ada, adaThere]) {
    const { group } = await person.get<{
      group: { timeline: { edges: { node: { readCount: number; explain: { read: number; notYet: number } } }[] } };
    }>(query, { id: 'counts', at: String(newest) });
    expect(group.timeline.edges.map(({ node }) => node.readCount)).toEqual(expected);
    expect(group.timeline.edges.map(({ node }) => node.explain)).toEqual(
      expected.map((read) => ({ read, notYet: 3 - read })),
    );
  }
});
