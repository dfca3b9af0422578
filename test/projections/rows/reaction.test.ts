import { describe, expect, test } from 'vitest';
import type { StoredReaction, StoredReactionCounts } from '../../../src/ports/row-store.ts';
import { foldReaction, foldReactionCounts, type ReactionChange } from '../../../src/projections/rows/reaction.ts';

const change = (
  type: ReactionChange['type'],
  position: number,
  { userId = 'ada', emoji = '👍' }: { readonly userId?: string; readonly emoji?: string } = {},
): ReactionChange => ({ type, groupId: 'g', seq: 1, emoji, userId, position });

describe('one person with one emoji', () => {
  const stands = foldReaction(undefined, change('putReaction', 5));

  test('given nothing, when it is added or taken back, then it says so', () => {
    expect(stands).toEqual({ groupId: 'g', seq: 1, emoji: '👍', userId: 'ada', present: true, position: 5 });
    expect(foldReaction(undefined, change('removeReaction', 5))).toEqual({ ...stands, present: false });
  });

  test('given a reaction, when what it holds already comes again, then it stays as it is', () => {
    const gone = foldReaction(stands, change('removeReaction', 7));
    expect(gone).toEqual({ ...stands, present: false, position: 7 });
    expect(foldReaction(gone, change('putReaction', 5))).toBe(gone);
    expect(foldReaction(gone, change('removeReaction', 7))).toBe(gone);
    expect(foldReaction(gone, change('putReaction', 9))).toEqual({ ...stands, position: 9 });
  });
});

describe('the counts under a message', () => {
  /** As a batch folds them: each reaction on its own, and the counts by what it has become. */
  function under(...changes: readonly ReactionChange[]): StoredReactionCounts | undefined {
    const reactions = new Map<string, StoredReaction>();
    let counts: StoredReactionCounts | undefined;
    for (const one of changes) {
      const key = `${one.userId} ${one.emoji}`;
      const before = reactions.get(key);
      const after = foldReaction(before, one);
      reactions.set(key, after);
      if (after !== before) counts = foldReactionCounts(counts, { before, after });
    }
    return counts;
  }

  test('given none, when people react, then each emoji has one entry, in the order in which they came', () => {
    const counts = under(
      change('putReaction', 5, { emoji: '🎉' }),
      change('putReaction', 6),
      change('putReaction', 7, { userId: 'bob' }),
    );
    const entries = [
      { emoji: '🎉', count: 1 },
      { emoji: '👍', count: 2 },
    ];
    expect(counts).toEqual({ groupId: 'g', seq: 1, counts: entries, position: 7 });
  });

  test('given some, when the last behind an emoji takes theirs back, then it keeps its place', () => {
    const counts = under(
      change('putReaction', 5),
      change('putReaction', 6, { emoji: '🎉' }),
      change('removeReaction', 7),
    );
    expect(counts?.counts).toEqual([
      { emoji: '👍', count: 0 },
      { emoji: '🎉', count: 1 },
    ]);
    expect(counts?.position).toBe(7);
    const again = under(
      change('putReaction', 5),
      change('putReaction', 6, { emoji: '🎉' }),
      change('removeReaction', 7),
      change('putReaction', 8, { userId: 'bob' }),
    );
    expect(again?.counts.map(({ emoji, count }) => `${emoji} ${count}`)).toEqual(['👍 1', '🎉 1']);
  });

  test('given somebody who stands there, when they react with the same once more, then they count once', () => {
    expect(under(change('putReaction', 5), change('putReaction', 6))?.counts).toEqual([{ emoji: '👍', count: 1 }]);
  });

  test('given nobody, when a reaction is taken back, then there is nothing less than nothing', () => {
    expect(under(change('removeReaction', 5))?.counts).toEqual([{ emoji: '👍', count: 0 }]);
  });
});
