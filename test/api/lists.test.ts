import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGroup, send } from './conversation.ts';
import * as documents from './documents.ts';
import { type Person, type RunningServer, startTestServer } from './running-server.ts';

let server: RunningServer;
let ada: Person;
let bob: Person;
let eve: Person;

beforeAll(async () => {
  server = await startTestServer();
  ada = await server.person('ada', 3_600, 'Ada King');
  bob = await server.person('bob', 3_600, 'Bob');
  eve = await server.person('eve');
});
afterAll(() => server.stop());

interface Page {
  readonly nodes: readonly { readonly seq: number; readonly userId: string; readonly text: string }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string;
    readonly endCursor: string;
  };
}
const pageInfo = 'pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';
const sides = ({ pageInfo: { hasNextPage, hasPreviousPage } }: Page) => [hasPreviousPage, hasNextPage];

/** The group's field of this selection, as of everything that was ever written. */
async function inGroup<Data>(person: Person, groupId: string, selection: string, variables: object = {}) {
  const atLeast = String(await server.services.log.endPosition());
  const declared = Object.keys(variables).map((name) => `, $${name}: String`);
  const query = `query ($groupId: ID!, $atLeast: Position${declared.join('')}) { group(groupId: $groupId, atLeast: $atLeast) { ${selection} } }`;
  return (await person.get<{ group: Data }>(query, { groupId, atLeast, ...variables })).group;
}

describe('a timeline around a message', () => {
  const around = async (groupId: string, given: string): Promise<Page> =>
    (await inGroup<{ timeline: Page }>(ada, groupId, `timeline(${given}) { nodes { seq } ${pageInfo} }`)).timeline;

  beforeAll(async () => {
    await createGroup(ada, 'around', [bob]);
    await createGroup(ada, 'silent', [bob]);
    for (let seq = 1; seq <= 9; seq += 1) await send(ada, 'around', `m${seq}`, `message ${seq}`);
  });

  test.for([
    ['around: 5, first: 3', [4, 5, 6], [true, true]],
    ['around: 5, first: 4', [4, 5, 6, 7], [true, true]],
    ['around: 5, first: 1', [5], [true, true]],
    ['around: 1, first: 4', [1, 2, 3, 4], [false, true]],
    ['around: 2, first: 3', [1, 2, 3], [false, true]],
    ['around: 9, first: 4', [6, 7, 8, 9], [true, false]],
    ['around: 8, first: 4', [6, 7, 8, 9], [true, false]],
    ['around: 4, first: 200', [1, 2, 3, 4, 5, 6, 7, 8, 9], [false, false]],
    ['around: 4', [1, 2, 3, 4, 5, 6, 7, 8, 9], [false, false]],
    ['around: 2147483647, first: 3', [7, 8, 9], [true, false]],
  ] as const)('%s', async ([given, seqs, beside]) => {
    const page = await around('around', given);
    expect(page.nodes.map(({ seq }) => seq)).toEqual(seqs);
    expect(sides(page)).toEqual(beside);
  });

  test('goes on to either side by its cursors', async () => {
    const { startCursor, endCursor } = (await around('around', 'around: 5, first: 3')).pageInfo;
    const seqs = async (given: string) => (await around('around', given)).nodes.map(({ seq }) => seq);
    expect(await seqs(`last: 2, before: "${startCursor}"`)).toEqual([2, 3]);
    expect(await seqs(`first: 2, after: "${endCursor}"`)).toEqual([7, 8]);
    expect(await around('silent', 'around: 3')).toMatchObject({ nodes: [], pageInfo: { hasNextPage: false } });
  });

  test.for([
    ['around: 0', 'around'],
    ['around: -4', 'around'],
    ['around: 3, last: 2', 'last'],
    ['around: 3, first: 0', 'first'],
    ['around: 3, first: 201', 'first'],
  ] as const)('%s is refused, naming %s', async ([given, field]) => {
    const query = `{ group(groupId: "around") { timeline(${given}) { nodes { seq } } } }`;
    expect((await ada.ask(query)).errors).toMatchObject([{ extensions: { reason: 'VALUE_INVALID', field } }]);
  });
});

describe('the members of a group', () => {
  beforeAll(async () => {
    const people = ['cy', 'dee', 'el', 'flo'].map((userId, index) => {
      return { userId, name: ['Zoë Adams', 'zoe', 'Ann Zoellner', 'Flo'][index] };
    });
    const input = { groupId: 'crowd', name: 'Crowd', members: [{ userId: 'bob', name: 'Bob' }, ...people] };
    await ada.get(documents.createGroup, { input });
    await ada.get(documents.removeMember, { input: { groupId: 'crowd', userId: 'flo' } });
  });
  const members = async (given: string): Promise<Page> =>
    (await inGroup<{ members: Page }>(ada, 'crowd', `members(${given}) { nodes { userId } ${pageInfo} }`)).members;
  const ids = async (given: string) => (await members(given)).nodes.map(({ userId }) => userId).join(' ');

  test('are read from either end, and a page says what lies beside it', async () => {
    const first = await members('first: 2');
    expect([first.nodes.map(({ userId }) => userId), sides(first)]).toEqual([
      ['ada', 'bob'],
      [false, true],
    ]);
    const { endCursor } = first.pageInfo;
    const second = await members(`first: 2, after: "${endCursor}"`);
    expect([second.nodes.map(({ userId }) => userId), sides(second)]).toEqual([
      ['cy', 'dee'],
      [true, true],
    ]);
    const last = await members('last: 2');
    expect([last.nodes.map(({ userId }) => userId), sides(last)]).toEqual([
      ['dee', 'el'],
      [true, false],
    ]);
    expect(await ids(`last: 1, before: "${last.pageInfo.startCursor}"`)).toBe('cy');
    expect(await ids(`first: 9, after: "${endCursor}", before: "${last.pageInfo.endCursor}"`)).toBe('cy dee');
    expect(await ids('first: 3, last: 1')).toBe('cy');
    const none = await members(`first: 9, after: "${last.pageInfo.endCursor}"`);
    expect([none.nodes, sides(none)]).toEqual([[], [true, false]]);
    const nobody = await members(`last: 9, before: "${first.pageInfo.startCursor}"`);
    expect([nobody.nodes, sides(nobody)]).toEqual([[], [false, true]]);
  });

  test('are completed by what their name begins with, page by page', async () => {
    expect(await ids('query: "zo"')).toBe('dee cy el');
    expect(await ids('query: "ZOË a"')).toBe('cy');
    expect(await ids('query: "fl"')).toBe('');
    expect(await ids('query: "!"')).toBe('');
    expect(await ids('query: " "')).toBe('ada bob cy dee el');
    const page = await members('query: "zo", first: 2');
    expect(sides(page)).toEqual([false, true]);
    const rest = await members(`query: "Zo", first: 2, after: "${page.pageInfo.endCursor}"`);
    expect([rest.nodes.map(({ userId }) => userId), sides(rest)]).toEqual([['el'], [true, false]]);
    await ada.get('mutation { renameMember(input: { groupId: "crowd", name: "Zoran" }) { position } }');
    expect(await ids('query: "zo"')).toBe('dee cy el ada');
  });

  test.for([
    ['query: "zo", last: 2', 'last'],
    ['query: "zo", before: "x"', 'before'],
    [`query: "${'z'.repeat(201)}"`, 'query'],
  ] as const)('%s is refused, naming %s', async ([given, field]) => {
    const query = `{ group(groupId: "crowd") { members(${given}) { nodes { userId } } } }`;
    expect((await ada.ask(query)).errors).toMatchObject([{ extensions: { reason: 'VALUE_INVALID', field } }]);
  });

  test('are found by their ids, also those who have left, and nobody else', async () => {
    const selection =
      'here: member(userId: "bob") { name isPresent } gone: member(userId: "flo") { name isPresent } other: member(userId: "eve") { name }';
    expect(await inGroup(ada, 'crowd', selection)).toEqual({
      here: { name: 'Bob', isPresent: true },
      gone: { name: 'Flo', isPresent: false },
      other: null,
    });
    expect(await eve.refused('{ group(groupId: "crowd") { member(userId: "bob") { name } } }')).toBe('NOT_FOUND');
  });
});

describe('who reacted', () => {
  test('is told page by page, and whether oneself did', async () => {
    const members = Array.from({ length: 12 }, (_, index) => ({ userId: `r${10 + index}`, name: `R ${index}` }));
    await ada.get(documents.createGroup, { input: { groupId: 'reacted', name: 'Reacted', members } });
    await send(ada, 'reacted', 'm1', 'one');
    await send(ada, 'reacted', 'm2', 'two');
    const react = async (person: Person, messageId: string, emoji: string) =>
      person.get(documents.addReaction, { input: { groupId: 'reacted', messageId, emoji } });
    for (const { userId } of members) await react(await server.person(userId), 'm1', '👍');
    await react(ada, 'm1', '🎉');
    await react(ada, 'm2', '👍');
    const selection = `timeline { nodes { reactions { emoji count viewerHasReacted members(first: 2) { nodes { userId } ${pageInfo} } } } }`;
    type Reaction = { members: Page; emoji: string; viewerHasReacted: boolean };
    const read = async (person: Person, asked = selection) =>
      (
        await inGroup<{ timeline: { nodes: readonly { reactions: readonly Reaction[] }[] } }>(person, 'reacted', asked)
      ).timeline.nodes.flatMap(({ reactions }) => reactions);
    const [thumbs, party, single] = await read(ada);
    expect(thumbs).toMatchObject({ emoji: '👍', count: 12, viewerHasReacted: false });
    expect(thumbs?.members.nodes.map(({ userId }) => userId)).toEqual(['r10', 'r11']);
    expect(thumbs && sides(thumbs.members)).toEqual([false, true]);
    expect(party).toMatchObject({ emoji: '🎉', viewerHasReacted: true, members: { nodes: [{ userId: 'ada' }] } });
    expect(single).toMatchObject({ count: 1, viewerHasReacted: true, members: { pageInfo: { hasNextPage: false } } });
    const mine = await read(await server.person('r10'));
    expect(mine.map(({ viewerHasReacted }) => viewerHasReacted)).toEqual([true, false, false]);
    const after = `first: 20, after: "${thumbs?.members.pageInfo.endCursor}"`;
    const { errors } = await ada.ask(`{ group(groupId: "reacted") { ${selection.replace('first: 2', after)} } }`);
    // The cursor is of one reaction’s list, and of no other’s.
    expect(errors?.map(({ extensions }) => extensions)).toContainEqual({
      ...{ code: 'BAD_INPUT', reason: 'CURSOR_INVALID' },
    });
    const alone = 'query ($id: ID!) { message(groupId: "reacted", messageId: $id) { reactions { REST } } }';
    await ada.get(documents.removeReaction, { input: { groupId: 'reacted', messageId: 'm1', emoji: '🎉' } });
    await server.services.freshness.atLeast(await server.services.log.endPosition());
    const rest = await ada.get<{ message: { reactions: readonly Reaction[] } }>(
      alone.replace('REST', `members(${after}) { nodes { userId } ${pageInfo} }`),
      { id: 'm1' },
    );
    const [page] = rest.message.reactions;
    expect(page?.members.nodes.map(({ userId }) => userId)).toEqual(members.slice(2).map(({ userId }) => userId));
    expect(page && sides(page.members)).toEqual([true, false]);
  });
});
