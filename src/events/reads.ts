import { z } from 'zod';
import { defineEvent, type EventOf } from './define-event.ts';
import { groupIdSchema, isEverydayId, maximumSeq, seqSchema, userIdSchema } from './values.ts';

const markSchema = z.object({ groupId: groupIdSchema, userId: userIdSchema, upTo: seqSchema });

/** Most of all events are marks, and the schema takes as long as their JSON. */
function everydayMark(value: unknown): z.infer<typeof markSchema> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { groupId, userId, upTo }: Partial<Record<keyof z.infer<typeof markSchema>, unknown>> = value;
  if (!isEverydayId(groupId) || !isEverydayId(userId)) return undefined;
  if (typeof upTo !== 'number' || !Number.isInteger(upTo) || upTo < 1 || upTo > maximumSeq) return undefined;
  return { groupId, userId, upTo };
}

export const readUpTo = defineEvent('ReadUpTo', markSchema, [], everydayMark);
/** A member has read every message of the group up to `upTo`: the one high-water mark that a reader leaves. */
export type ReadUpTo = EventOf<typeof readUpTo>;

/** A mark counts only for one who is a member at that moment, and only forwards; otherwise it changes nothing. */
export const markCounts = (
  { active, markedUpTo }: { readonly active: boolean; readonly markedUpTo: number },
  upTo: number,
): boolean => active && upTo > markedUpTo;
