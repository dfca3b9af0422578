import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pageRange } from '../../src/api/schema/connection.ts';
import { createGroup, mark, send } from './conversation.ts';
import * as documents from './documents.ts';
import { type Person, type RunningServer, startTestServer } from './running-server.ts';

interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: Record<string, never> }[];
  readonly nodes: readonly object[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

const length = 5;
let server: RunningServer;
let ada: Person;
let position: string;

beforeAll(async () => {
  server = await startTestServer();
  ada = await server.person('ada');
  const others = await Promise.all(['b', 'c', 'd', 'e'].map((name) => server.person(name)));
  await createGroup(ada, 'g', others);
  for (let seq = 1; seq <= length; seq += 1)
    await send(others[0] as Person, 'g', `m${seq}`, 'word', { mentions: ['ada'] });
  for (let count = 1; count < length; count += 1) await createGroup(ada, `g${count}`, []);
  await createGroup(ada, 'read', [...others, await server.person('f')]);
  await send(ada, 'read', 'r1', 'text');
  for (const reader of [...others, await server.person('f')])
    ({ position } = (await mark(reader, 'read', 1)).markReadUpTo);
  await ada.get(documents.timelinePage, { id: 'read', atLeast: position });
});
afterAll(() => server.stop());

const page =
  '{ edges { cursor node { __typename } } nodes { __typename } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }';
/** Every connection of the schema that is read from its beginning, each a list of five or six. */
const lists: Readonly<Record<string, (given: string) => string>> = {
  inbox: (given) => `inbox(${given}) ${page}`,
  mentions: (given) => `mentions(${given}) ${page}`,
  search: (given) => `search(groupId: "g", text: "word", ${given}) ${page}`,
  members: (given) => `group(groupId: "g") { members(${given}) ${page} }`,
  readers: (given) => `message(groupId: "read", messageId: "r1") { readers(${given}) ${page} }`,
  timeline: (given) => `group(groupId: "g") { timeline(${given}) ${page} }`,
};

async function read(list: string, given: string): Promise<Page> {
  const data = await ada.get<Record<string, unknown>>(`{ ${lists[list]?.(given)} }`);
  const [root] = Object.values(data);
  return (Reflect.get(root as object, list) ?? root) as Page;
}

const facts = ({ pageInfo: { hasPreviousPage, hasNextPage } }: Page) => [hasPreviousPage, hasNextPage];

describe.each(Object.keys(lists))('the list %s', (list) => {
  it('says of each page whether there is anything before it and after it, as it is', async () => {
    const all = await read(list, 'first: 100');
    const count = all.edges.length;
    expect(count).toBeGreaterThanOrEqual(length);
    expect(facts(all)).toEqual([false, false]);
    expect(all.nodes).toHaveLength(count);
    expect(all.pageInfo).toMatchObject({ startCursor: all.edges[0]?.cursor, endCursor: all.edges.at(-1)?.cursor });
    for (let from = 0; from <= count; from += 1) {
      const after = from === 0 ? '' : `, after: "${all.edges[from - 1]?.cursor}"`;
      const two = await read(list, `first: 2${after}`);
      expect(two.edges).toEqual(all.edges.slice(from, from + 2));
      expect(facts(two)).toEqual([from > 0, from + 2 < count]);
    }
  });

  it('takes no cursor of another list, and none that was changed', async () => {
    const { pageInfo } = await read(list, 'first: 1');
    const others = Object.keys(lists).filter((other) => other !== list);
    for (const other of others) {
      expect(await ada.ask(`{ ${lists[other]?.(`first: 1, after: "${pageInfo.endCursor}"`)} }`)).toMatchObject({
        errors: [{ extensions: { code: 'BAD_INPUT', reason: 'CURSOR_INVALID' } }],
      });
    }
    for (const changed of [`${pageInfo.endCursor}=`, `${pageInfo.endCursor}A`, 'W10', 'bnVsbA', '']) {
      expect(await ada.ask(`{ ${lists[list]?.(`first: 1, after: "${changed}"`)} }`)).toMatchObject({
        errors: [{ extensions: { code: 'BAD_INPUT', reason: 'CURSOR_INVALID' } }],
      });
    }
  });
});

it('a cursor of a search belongs to its group and words, however they are put together', async () => {
  await createGroup(ada, 'a', []);
  await createGroup(ada, 'a:b', []);
  const sent = await send(ada, 'a:b', 'm', 'c word');
  await ada.get(documents.timelinePage, { id: 'a:b', atLeast: sent.sendMessage.position });
  const query = (groupId: string, text: string, more = '') =>
    `{ search(groupId: "${groupId}", text: "${text}"${more}) { edges { cursor } } }`;
  const found = await ada.get<{ search: Page }>(query('a:b', 'c'));
  const cursor = found.search.edges[0]?.cursor;
  expect(await ada.refused(query('a', 'b:c', `, after: "${cursor}"`))).toBe('BAD_INPUT');
  expect(await ada.refused(query('a:b', 'c', `, after: "${cursor}"`))).toBe('not refused');
});

it('cuts a list from both ends as Relay’s specification has it', async () => {
  const places = Array.from({ length: 7 }, (_, index) => index + 1);
  const some = [undefined, 1, 2, 3, 6, 9];
  for (const first of some) {
    for (const last of some) {
      for (const after of [undefined, 0, 1, 4, 7, 8]) {
        for (const before of [undefined, 1, 2, 5, 8, 9]) {
          // The specification's own steps, on a list of which each place is written down.
          let edges = places.filter((place) => place > (after ?? 0) && place < (before ?? 99));
          if (first !== undefined) edges = edges.slice(0, first);
          if (last !== undefined || first === undefined) edges = edges.slice(-(last ?? 4));
          const { from, to } = pageRange(7, { first, last, after, before }, 4);
          expect(places.filter((place) => place >= from && place <= to)).toEqual(edges);
        }
      }
    }
  }
});

it('reads a timeline from the end, and says of each page what is beside it', async () => {
  const all = await read('timeline', 'first: 100');
  for (let to = 0; to <= length; to += 1) {
    const before = to === length ? '' : `, before: "${all.edges[to]?.cursor}"`;
    const two = await read('timeline', `last: 2${before}`);
    expect(two.edges).toEqual(all.edges.slice(Math.max(0, to - 2), to));
    expect(facts(two)).toEqual([to > 2, to < length]);
  }
  const middle = await read('timeline', `first: 3, last: 1, after: "${all.edges[0]?.cursor}"`);
  expect(middle.edges).toEqual([all.edges[3]]);
  expect(facts(middle)).toEqual([true, true]);
});

it('a page is the first of its list once nothing before it is there any more, whatever cursor it was asked for with', async () => {
  const zoe = await server.person('zoe');
  const cal = await server.person('cal');
  for (const groupId of ['z1', 'z2']) await createGroup(cal, groupId, [zoe]);
  const { createGroup: made } = await zoe.get<{ createGroup: { position: string } }>(documents.createGroup, {
    input: { groupId: 'z3', name: 'last' },
  });
  await zoe.get(documents.timelinePage, { id: 'z3', atLeast: made.position });
  const page = 'edges { cursor node { groupId } } pageInfo { hasPreviousPage }';
  const inbox = async (more: string) =>
    (await zoe.get<{ inbox: Page }>(`{ inbox(first: 9${more}) { ${page} } }`)).inbox;
  const [, second] = (await inbox('')).edges;
  const after = `, after: "${second?.cursor}"`;
  expect(await inbox(after)).toMatchObject({
    edges: [{ node: { groupId: 'z1' } }],
    pageInfo: { hasPreviousPage: true },
  });
  for (const groupId of ['z2', 'z3']) {
    await zoe.ask(documents.addMembers, { input: { groupId, members: [{ userId: 'cal', role: 'OWNER' }] } });
    await zoe.get(documents.leaveGroup, { input: { groupId } });
  }
  expect(await inbox(after)).toMatchObject({
    edges: [{ node: { groupId: 'z1' } }],
    pageInfo: { hasPreviousPage: false },
  });
});
