import { expect, test } from 'vitest';
import { searchInTurns } from '../../../src/adapters/sqlite/search-in-turns.ts';
import type { MessageRow } from '../../../src/ports/rows.ts';

const total = 10_000;

const row = (sentPosition: number, text: string | null): MessageRow => ({
  ...{ groupId: 'g', messageId: `m-${sentPosition}`, seq: sentPosition, authorId: 'ada', text, sentPosition },
  ...{ sentAt: '2026-11-24T12:00:00.000Z', editedAt: null, deletedAt: null, replyTo: null, sentHash: null },
  ...{ mentions: [], mentionsAll: false, audienceCount: 0 },
});

/** An index of which only these messages hold what is looked for. Notes the sizes of its pages. */
function indexWith(found: readonly number[], texts: string | null = 'cat the') {
  const sizes: number[] = [];
  const read = (_: unknown, __: unknown, before: number, size: number): readonly MessageRow[] => {
    sizes.push(size);
    const newest = Math.min(before - 1, total);
    const positions = Array.from({ length: Math.min(size, newest) }, (_, index) => newest - index);
    return positions.map((position) => row(position, found.includes(position) ? 'the cat' : texts));
  };
  const search = searchInTurns(read, (run) => run());
  return { sizes, find: () => search(['g'], '"the cat"', total + 1, 20) };
}

test('where the first page holds enough, nothing more is read', async () => {
  const { sizes, find } = indexWith(Array.from({ length: 20 }, (_, index) => total - index));
  expect(await find()).toHaveLength(20);
  expect(sizes).toEqual([20]);
});

test('where little holds it, pages grow to a bound, and others have their turn between any two', async () => {
  const { sizes, find } = indexWith([1, 5_000]);
  let rounds = 0;
  let isDone = false;
  const count = (): void => {
    rounds += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  const rows = await find();
  isDone = true;
  expect(rows.map(({ sentPosition }) => sentPosition)).toEqual([5_000, 1]);
  expect(Math.max(...sizes)).toBe(1_000);
  expect(rounds).toBeGreaterThanOrEqual(sizes.length - 1);
});

test('what the index still gives of a text that is gone is not found', async () => {
  const { find } = indexWith([], null);
  expect(await find()).toEqual([]);
});
