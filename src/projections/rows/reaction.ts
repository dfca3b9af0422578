import type { StoredReaction, StoredReactionCounts } from '../../ports/row-store.ts';
import type { ChangeOf } from '../changes.ts';

export type ReactionChange = ChangeOf<'putReaction' | 'removeReaction'>;

/** Of one group. */
export const idOfReaction = ({ seq, userId, emoji }: Pick<StoredReaction, 'seq' | 'userId' | 'emoji'>): string =>
  `${seq} ${userId} ${emoji}`;

/** One person with one emoji under one message, by position. The same row where the change is in it already. */
export function foldReaction(reaction: StoredReaction | undefined, change: ReactionChange): StoredReaction {
  const { type, groupId, seq, emoji, userId, position } = change;
  if (reaction !== undefined && position <= reaction.position) return reaction;
  return { groupId, seq, emoji, userId, present: type === 'putReaction', position };
}

/**
 * The counts under a message, after one of its reactions has become another. An emoji keeps its place among the others,
 * also while nobody stands behind it.
 */
export function foldReactionCounts(
  before: StoredReactionCounts | undefined,
  reaction: { readonly before: StoredReaction | undefined; readonly after: StoredReaction },
): StoredReactionCounts {
  const { groupId, seq, emoji, position } = reaction.after;
  const difference = Number(reaction.after.present) - Number(reaction.before?.present ?? false);
  const counts = before?.counts ?? [];
  const isKnown = counts.some((entry) => entry.emoji === emoji);
  return {
    groupId,
    seq,
    counts: isKnown
      ? counts.map((entry) => (entry.emoji === emoji ? { emoji, count: entry.count + difference } : entry))
      : [...counts, { emoji, count: difference }],
    position,
  };
}
