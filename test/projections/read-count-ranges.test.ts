import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MemberRow, Stay } from '../../src/ports/rows.ts';
import { readCountRanges } from '../../src/projections/read-count-ranges.ts';
import { assertProperty } from '../fakes/assert-property.ts';

const lastSeq = 30;

function member(userId: string, stays: readonly Stay[], markedUpTo: number): MemberRow {
  const active = stays.at(-1)?.to === null;
  return { groupId: 'g', userId, name: userId, role: 'member', active, joinedAt: '', stays, markedUpTo };
}

/** Ends of stays in ascending order, the last one open or not. */
const anyMember = fc
  .record({ ends: fc.uniqueArray(fc.nat(lastSeq), { maxLength: 6 }), markedUpTo: fc.nat(lastSeq) })
  .map(({ ends, markedUpTo }) => {
    ends.sort((a, b) => a - b);
    const stays = ends.flatMap((from, index) => (index % 2 === 0 ? [{ from, to: ends[index + 1] ?? null }] : []));
    return member('somebody', stays, markedUpTo);
  });

/** Looks at every message and every member, each on its own. */
function naiveCounts(members: readonly MemberRow[]): number[] {
  return Array.from({ length: lastSeq }, (_, index) => {
    const seq = index + 1;
    const readers = members.filter(
      ({ stays, markedUpTo }) =>
        markedUpTo >= seq && stays.some(({ from, to }) => seq > from && seq <= (to ?? Number.POSITIVE_INFINITY)),
    );
    return readers.length - 1;
  });
}

test('the ranges say of every message what counting its readers one by one says, without gaps', () => {
  assertProperty(
    fc.property(fc.array(anyMember, { maxLength: 8 }), (members) => {
      const ranges = readCountRanges(members, lastSeq);
      const counts = ranges.flatMap(({ fromSeq, toSeq, readCount }) => Array(toSeq - fromSeq + 1).fill(readCount));
      expect(counts).toEqual(naiveCounts(members));
      expect(ranges[0]?.fromSeq).toBe(1);
      for (const [index, range] of ranges.entries()) {
        const next = ranges[index + 1];
        if (next !== undefined) expect(next.fromSeq).toBe(range.toSeq + 1);
        expect(next?.readCount).not.toBe(range.readCount);
      }
    }),
  );
});

test('a group without messages has no ranges', () => {
  expect(readCountRanges([member('ada', [{ from: 0, to: null }], 0)], 0)).toEqual([]);
});

test('ten thousand readers of a million messages are a few numbers each', () => {
  const members = Array.from({ length: 10_000 }, (_, index) =>
    member(`user-${index}`, [{ from: 0, to: null }], 1_000_000 - index * 50),
  );
  const ranges = readCountRanges(members, 1_000_000);
  expect(ranges).toHaveLength(10_000);
  expect(ranges[0]).toEqual({ fromSeq: 1, toSeq: 500_050, readCount: 9_999 });
  expect(ranges.at(-1)).toEqual({ fromSeq: 999_951, toSeq: 1_000_000, readCount: 0 });
});
