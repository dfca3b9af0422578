import { z } from 'zod';
import { defineEvent, type EventOf } from './define-event.ts';
import { groupIdSchema, seqSchema, userIdSchema } from './values.ts';

export const readUpTo = defineEvent(
  'ReadUpTo',
  z.object({ groupId: groupIdSchema, userId: userIdSchema, upTo: seqSchema }),
);
/** A member has read every message of the group up to `upTo`: the one high-water mark that a reader leaves. */
export type ReadUpTo = EventOf<typeof readUpTo>;

/** A mark counts only for one who is a member at that moment, and only forwards; otherwise it changes nothing. */
export const markCounts = (
  { active, markedUpTo }: { readonly active: boolean; readonly markedUpTo: number },
  upTo: number,
): boolean => active && upTo > markedUpTo;
