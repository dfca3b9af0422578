import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UndecodableEvent } from '../../src/events/codec.ts';
import type { GroupEvent, ReadsEvent } from '../../src/events/event.ts';
import { createReadCounts, type ReadCounts } from '../../src/projections/read-counts.ts';
import { added, deleted, edited, left, reacted, readUpTo, sent } from '../commands/events.ts';
import { assertProperty } from '../fakes/assert-property.ts';
import { arbitraryHistory, readers } from './arbitrary-history.ts';
import { NaiveReadCounts } from './naive-read-counts.ts';

const counted = (events: readonly (GroupEvent | ReadsEvent)[]): ReadCounts => {
  const counts = createReadCounts();
  for (const [position, event] of events.entries()) counts.apply(event, position);
  return counts;
};

const explainAll = (counts: ReadCounts) =>
  Array.from({ length: counts.lastSeq() }, (_, index) => counts.explain(index + 1));

/** Everything that the aggregate answers is what the naive model answers. */
function expectSame(counts: ReadCounts, naive: NaiveReadCounts): void {
  const expected = naive.explainAll();
  expect(explainAll(counts)).toEqual(expected);
  expect(expected.map((_, index) => counts.readCount(index + 1))).toEqual(expected.map(({ read }) => read));
  expect(expected.map((_, index) => counts.audienceCount(index + 1))).toEqual(expected.map(({ audience }) => audience));
  expect(readers.map(counts.reading)).toEqual(readers.map((userId) => naive.reading(userId)));
  expect(counts.memberCount()).toBe([...naive.members.values()].filter(({ active }) => active).length);
}

describe('counted by marks, a group gives the numbers that one row per reader and message gives', () => {
  test('at the end of any history', () => {
    assertProperty(
      fc.property(arbitraryHistory, (history) => {
        const naive = new NaiveReadCounts();
        for (const event of history) naive.apply(event);
        expectSame(counted(history), naive);
      }),
      { numRuns: 1_000 },
    );
  });

  test('after every single event, and no count of readers or of an audience ever falls or changes wrongly', () => {
    assertProperty(
      fc.property(arbitraryHistory, (history) => {
        const [counts, naive] = [createReadCounts(), new NaiveReadCounts()];
        let before = explainAll(counts);
        for (const [position, event] of history.entries()) {
          const changed = counts.apply(event, position);
          naive.apply(event);
          const after = explainAll(counts);
          expect(after).toEqual(naive.explainAll());
          before.forEach(({ read, audience }, index) => {
            const now = after[index];
            const isSaidToChange = changed !== undefined && index + 1 > changed.after && index + 1 <= changed.upTo;
            if (now?.audience !== audience || now.read < read || (now.read > read && !isSaidToChange)) {
              throw new Error(
                `message ${index + 1} went from ${read} of ${audience} to ${now?.read} of ${now?.audience}`,
              );
            }
          });
          before = after;
        }
      }),
      { numRuns: 300 },
    );
  });

  test('and as of every position before, with everything after it taken back', () => {
    assertProperty(
      fc.property(arbitraryHistory, fc.double({ min: 0, max: 1, noNaN: true }), (history, part) => {
        const cut = Math.floor(history.length * part);
        const [counts, naive] = [counted(history), new NaiveReadCounts()];
        for (const event of history.slice(0, cut)) naive.apply(event);
        const then = counts.asOf(cut - 1);
        if (then === undefined) throw new Error('all of so short a history is remembered');
        const explained = Array.from({ length: then.lastSeq() }, (_, index) => then.explain(index + 1));
        expect(explained).toEqual(naive.explainAll());
        expect(explained.map((_, index) => then.readCount(index + 1))).toEqual(explained.map(({ read }) => read));
        expect(explained.map((_, index) => then.audienceCount(index + 1))).toEqual(
          explained.map(({ audience }) => audience),
        );
        for (const userId of readers) expect(then.reading(userId)).toEqual(naive.reading(userId));
        expect(then.memberCount()).toBe([...naive.members.values()].filter(({ active }) => active).length);
      }),
    );
  });

  test('of long ago only where nothing has happened since', () => {
    const counts = counted([added({ ada: 'owner', bob: 'member' }, 2), sent(1, 'ada')]);
    expect(counts.asOf(-1)?.memberCount()).toBe(0);
    const bytes = counts.byteLength();
    for (let seq = 2; seq <= 3_000; seq += 1) counts.apply(sent(seq, 'ada'), seq);
    expect(counts.asOf(1)).toBeUndefined();
    expect(counts.asOf(2_990)?.lastSeq()).toBe(2_990);
    expect(counts.asOf(2_990)?.readCount(2_991)).toBe(-1);
    expect(counts.asOf(2_990)?.readCount(2_990)).toBe(0);
    expect(counts.byteLength() - bytes).toBeLessThan(600_000);
  });

  test('and the three terms of every message add up to its audience, none of them negative', () => {
    assertProperty(
      fc.property(arbitraryHistory, (history) => {
        for (const { audience, read, notYet, leftBeforeReading } of explainAll(counted(history))) {
          expect(read + notYet + leftBeforeReading).toBe(audience);
          expect(Math.min(read, notYet, leftBeforeReading)).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });

  test('when restored from member rows at any moment, and when the rest is folded on top', () => {
    assertProperty(
      fc.property(arbitraryHistory, fc.nat(), (history, moment) => {
        const cut = moment % (history.length + 1);
        const naive = new NaiveReadCounts();
        for (const event of history.slice(0, cut)) naive.apply(event);
        const restored = createReadCounts({ members: naive.rows(), lastSeq: naive.messages.length });
        expectSame(restored, naive);
        for (const event of history.slice(cut)) {
          naive.apply(event);
          restored.apply(event, 0);
        }
        expectSame(restored, naive);
      }),
      { numRuns: 1_000 },
    );
  });

  test('and a mark that does not advance, delivered again at any time, changes nothing', () => {
    assertProperty(
      fc.property(arbitraryHistory, (history) => {
        const counts = counted(history);
        const before = explainAll(counts);
        for (const event of history) {
          if (event.type !== 'ReadUpTo') continue;
          const { userId, upTo } = event.data;
          if (upTo <= (counts.reading(userId)?.markedUpTo ?? 0)) expect(counts.apply(event, 0)).toBeUndefined();
        }
        expect(explainAll(counts)).toEqual(before);
      }),
    );
  });
});

describe('who counts', () => {
  const three = added({ ada: 'owner', bob: 'member', cleo: 'member' }, 3);

  test('the author is no reader of their own message, and sending marks what came before', () => {
    const counts = counted([three, sent(1, 'ada'), sent(2, 'bob')]);
    expect(counts.explain(1)).toEqual({ audience: 2, read: 1, notYet: 1, leftBeforeReading: 0 });
    expect(counts.explain(2)).toEqual({ audience: 2, read: 0, notYet: 2, leftBeforeReading: 0 });
  });

  test('who joins later is in no audience of older messages, however far they mark', () => {
    const counts = counted([three, sent(1, 'ada'), added({ dan: 'member' }, 4, 1), sent(2, 'ada'), readUpTo('dan', 2)]);
    expect(counts.explain(1)).toEqual({ audience: 2, read: 0, notYet: 2, leftBeforeReading: 0 });
    expect(counts.explain(2)).toEqual({ audience: 3, read: 1, notYet: 2, leftBeforeReading: 0 });
  });

  test('who leaves stays a reader of what they read, and is gone for what they did not', () => {
    const counts = counted([three, sent(1, 'ada'), sent(2, 'ada'), readUpTo('bob', 1), left('bob', 2, 2)]);
    expect(counts.explain(1)).toEqual({ audience: 2, read: 1, notYet: 1, leftBeforeReading: 0 });
    expect(counts.explain(2)).toEqual({ audience: 2, read: 0, notYet: 1, leftBeforeReading: 1 });
  });

  test('a mark that the log holds after its reader’s leaving counts nothing', () => {
    const counts = counted([three, sent(1, 'ada'), left('bob', 2, 1), readUpTo('bob', 1)]);
    expect(counts.explain(1)).toEqual({ audience: 2, read: 0, notYet: 1, leftBeforeReading: 1 });
    expect(counts.reading('bob')).toEqual({ active: false, markedUpTo: 0, memberAfterSeq: 0 });
  });

  test('who returns may still read what was sent during their first stay, but is in no audience of what was between', () => {
    const away = [
      three,
      sent(1, 'ada'),
      left('bob', 2, 1),
      sent(2, 'ada'),
      added({ bob: 'member' }, 3, 2),
      sent(3, 'ada'),
    ];
    expect(counted(away).explain(1)).toEqual({ audience: 2, read: 0, notYet: 2, leftBeforeReading: 0 });
    const counts = counted([...away, readUpTo('bob', 3)]);
    expect([1, 2, 3].map(counts.readCount)).toEqual([1, 0, 1]);
    expect([1, 2, 3].map(counts.audienceCount)).toEqual([2, 1, 2]);
    expect(counts.reading('bob')).toEqual({ active: true, markedUpTo: 3, memberAfterSeq: 2 });
  });

  test('edits, reactions and deletions change no count', () => {
    const events = [three, sent(1, 'ada'), readUpTo('bob', 1)];
    const counts = counted(events);
    for (const event of [edited(1, 'Better'), reacted(1, 'bob'), deleted(1)])
      expect(counts.apply(event, 0)).toBeUndefined();
    expect(counts.explain(1)).toEqual({ audience: 2, read: 1, notYet: 1, leftBeforeReading: 0 });
  });

  test('a mark says which counts it may have changed, and one that does not advance says none', () => {
    const counts = counted([three, sent(1, 'ada'), sent(2, 'ada'), sent(3, 'ada'), readUpTo('bob', 1)]);
    expect(counts.apply(readUpTo('bob', 3), 0)).toEqual({ after: 1, upTo: 3 });
    expect(counts.apply(readUpTo('bob', 3), 0)).toBeUndefined();
    expect(counts.apply(readUpTo('bob', 2), 0)).toBeUndefined();
    expect(counts.apply(readUpTo('mallory', 3), 0)).toBeUndefined();
  });

  test('a group of 10,000 with 1,000 messages counts what everybody reads', () => {
    const people = Array.from({ length: 10_000 }, (_, index) => `user-${index}`);
    const counts = counted([added(Object.fromEntries(people.map((userId) => [userId, 'member'])), 10_000)]);
    for (let seq = 1; seq <= 1_000; seq += 1) counts.apply(sent(seq, 'user-0', { audienceCount: 9_999 }), 0);
    for (const [index, userId] of people.entries()) counts.apply(readUpTo(userId, (index % 1_000) + 1), 0);
    // Ten marks end at each message; the author's own, at the newest, is not counted.
    expect([1, 2, 500, 1_000].map(counts.readCount)).toEqual([9_999, 9_990, 5_010, 10]);
  });
});

test('a mark beyond the newest message counts what is there, and nothing that is sent later', () => {
  const counts = counted([added({ ada: 'owner', bob: 'member' }, 2), sent(1, 'ada'), readUpTo('bob', 9)]);
  expect(counts.reading('bob')?.markedUpTo).toBe(1);
  counts.apply(sent(2, 'ada'), 0);
  expect([1, 2].map((seq) => counts.readCount(seq))).toEqual([1, 0]);
});

test('an event out of the group’s order is refused, and the counts are as they were', () => {
  const counts = counted([added({ ada: 'owner', bob: 'member' }, 2), sent(1, 'ada')]);
  for (const event of [sent(1, 'ada'), sent(3, 'ada'), left('bob', 1, 2), edited(2, 'two')]) {
    expect(() => counts.apply(event, 0)).toThrow(UndecodableEvent);
  }
  expect([counts.lastSeq(), counts.memberCount()]).toEqual([1, 2]);
});
