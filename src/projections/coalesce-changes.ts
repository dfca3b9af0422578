import type { Change } from './changes.ts';

export type AdvanceGroup = Extract<Change, { readonly type: 'advanceGroup' }>;

/**
 * Two advances of one group as one. Every field goes by maximum, so it is exact; the position is that of the newer
 * message where there is one, for that is what it says then.
 */
export function mergeAdvances(older: AdvanceGroup, newer: AdvanceGroup): AdvanceGroup {
  if (newer.lastSeq === undefined && older.lastSeq !== undefined) {
    return { ...older, ...newer, position: older.position };
  }
  // Clocks of two senders may differ: the later message is not always the one with the later moment.
  const isEarlier = (older.lastMessageAt ?? '') > (newer.lastMessageAt ?? '');
  return isEarlier ? { ...older, ...newer, lastMessageAt: older.lastMessageAt ?? '' } : { ...older, ...newer };
}
