import { beforeEach, expect, test } from 'vitest';
import { maximumSearchedGroups, searchOwnGroups } from '../../src/delivery/search-own-groups.ts';
import type { ReadModels } from '../../src/ports/read-models.ts';
import type { MessageRow } from '../../src/ports/rows.ts';
import { projectedWriter } from '../contract/projected-writer.ts';
import { History } from '../contract/read-models-history.ts';
import { createInMemoryStore } from '../fakes/in-memory-read-models.ts';

let readModels: ReadModels;
/** What was searched, each time. */
let searched: (readonly string[])[];
let hidden: Set<string>;
let turns: number;

async function given(history: History): Promise<void> {
  const builds = createInMemoryStore().of(1);
  const id = await builds.create();
  const writer = projectedWriter(await builds.openWriter(id, new AbortController().signal));
  await history.apply(writer);
  readModels = await builds.openReadModels(id);
}

beforeEach(() => {
  searched = [];
  hidden = new Set();
  turns = 0;
});

const search = (text: string, limit: number, before?: number) =>
  searchOwnGroups(
    {
      readModels,
      messages: {
        search: (groupIds, ...rest) => {
          searched.push(groupIds);
          return readModels.search(groupIds, ...rest);
        },
      },
      visible: async (groupIds) => new Set(groupIds.filter((groupId) => !hidden.has(groupId))),
      turn: async () => {
        turns += 1;
      },
    },
    'ada',
    text,
    { before, limit },
  );
const places = (rows: readonly MessageRow[]) => rows.map(({ groupId, seq }) => `${groupId} ${seq}`);

/** So many groups with a word each, and the first of all with one more that is in none of the others. */
function manyGroups(count: number): History {
  const history = new History();
  for (let index = 0; index < count; index += 1) {
    history.create(`g${index}`, 'Group', ['ada', 'bob']);
    history.send(`g${index}`, 'bob', index === 0 ? 'rare common' : 'common');
  }
  return history.create('others', 'Group', ['bob']).send('others', 'bob', 'rare common');
}

test('a common word takes a look into the newest groups, a rare one into all, and neither into those of others', async () => {
  await given(manyGroups(320));
  expect(places(await search('common', 3))).toEqual(['g319 1', 'g318 1', 'g317 1']);
  expect(searched.flat()).toHaveLength(50);
  searched = [];
  turns = 0;
  expect(places(await search('rare', 3))).toEqual(['g0 1']);
  expect(new Set(searched.flat()).size).toBe(320);
  expect(searched.flat()).not.toContain('others');
  // Before each read of groups, and before each search in some of them.
  expect(turns).toBe(2 + 7);
});

test('pages go on where the one before ended, over groups of old and new messages alike', async () => {
  const history = manyGroups(120);
  for (let round = 0; round < 3; round += 1) {
    for (let index = 0; index < 120; index += 7) history.send(`g${index}`, 'bob', 'common again');
  }
  await given(history);
  const all = await search('common', 999);
  expect(all).toHaveLength(120 + 3 * 18);
  expect(all).toEqual(all.toSorted((a, b) => b.sentPosition - a.sentPosition));
  const paged: MessageRow[] = [];
  for (let page = await search('common', 11); page.length > 0; ) {
    paged.push(...page);
    page = await search('common', 11, paged.at(-1)?.sentPosition);
  }
  expect(places(paged)).toEqual(places(all));
});

test('what may not be shown takes nobody’s place', async () => {
  await given(manyGroups(60));
  hidden = new Set(Array.from({ length: 45 }, (_, index) => `g${59 - index}`));
  expect(places(await search('common', 5))).toEqual(['g14 1', 'g13 1', 'g12 1', 'g11 1', 'g10 1']);
  hidden = new Set(Array.from({ length: 60 }, (_, index) => `g${index}`));
  expect(await search('common', 5)).toEqual([]);
});

test('of very many groups those with the newest messages are searched', async () => {
  await given(manyGroups(maximumSearchedGroups + 20));
  expect(await search('rare', 5)).toEqual([]);
  expect(new Set(searched.flat()).size).toBe(maximumSearchedGroups);
});
