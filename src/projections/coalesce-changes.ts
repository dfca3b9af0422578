import { laterOf } from '../events/moments.ts';
import type { Change } from './changes.ts';

export type AdvanceGroup = Extract<Change, { readonly type: 'advanceGroup' }>;

/**
 * Two advances of one group as one. Every field goes by maximum, so it is exact; the position is that of the newer
 * message where there is one, for that is what it says then.
 */
export function mergeAdvances(older: AdvanceGroup, newer: AdvanceGroup): AdvanceGroup {
  const at = newer.at === undefined ? older.at : laterOf(newer.at, older.at);
  const merged = { ...older, ...newer, ...(at === undefined ? {} : { at }) };
  if (newer.lastSeq === undefined && older.lastSeq !== undefined) return { ...merged, position: older.position };
  // Clocks of two senders may differ: the later message is not always the one with the later moment.
  const isEarlier = (older.lastMessageAt ?? '') > (newer.lastMessageAt ?? '');
  return isEarlier ? { ...merged, lastMessageAt: older.lastMessageAt ?? '' } : merged;
}
