import { z } from 'zod';
import { defineEvent, type EventOf } from './define-event.ts';
import { groupIdSchema, nameSchema } from './values.ts';

export const groupCreated = defineEvent('GroupCreated', z.object({ groupId: groupIdSchema, name: nameSchema }));
/** A group exists from here on. Its creator joins by the MembersAdded that follows in the same append. */
export type GroupCreated = EventOf<typeof groupCreated>;

export const groupRenamed = defineEvent('GroupRenamed', z.object({ name: nameSchema }));
/** The group is called `name` from here on. */
export type GroupRenamed = EventOf<typeof groupRenamed>;
