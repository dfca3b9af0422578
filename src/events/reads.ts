import { z } from 'zod';
import { defineEvent, type EventOf } from './define-event.ts';
import { groupIdSchema, seqSchema, userIdSchema } from './values.ts';

export const readUpTo = defineEvent(
  'ReadUpTo',
  z.object({ groupId: groupIdSchema, userId: userIdSchema, upTo: seqSchema }),
);
/** A member has read every message of the group up to `upTo`: the one high-water mark that a reader leaves. */
export type ReadUpTo = EventOf<typeof readUpTo>;
