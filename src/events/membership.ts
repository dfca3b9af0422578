import { z } from 'zod';
import { defineEvent, type EventOf } from './define-event.ts';
import { memberCountSchema, nameSchema, roleSchema, seqOrZeroSchema, userIdSchema } from './values.ts';

/** At most this many members to one MembersAdded, so that an append stays under EventStoreDB's limit of 1 MiB. */
export const maximumMembersPerEvent = 1_000;

const addedMember = z.object({ userId: userIdSchema, name: nameSchema, role: roleSchema });
export type AddedMember = z.infer<typeof addedMember>;

/** `afterSeq` is the group's newest message at that moment, `memberCount` the members once the event has happened. */
const moment = { afterSeq: seqOrZeroSchema, memberCount: memberCountSchema };

export const membersAdded = defineEvent(
  'MembersAdded',
  z.object({ members: z.array(addedMember).min(1).max(maximumMembersPerEvent), ...moment }),
);
/** These people are members from here on: in the audience of every message after `afterSeq` while they stay. */
export type MembersAdded = EventOf<typeof membersAdded>;

export const memberLeft = defineEvent('MemberLeft', z.object({ userId: userIdSchema, ...moment }));
/** A member went of their own accord. `afterSeq` is the last message whose audience they are in. */
export type MemberLeft = EventOf<typeof memberLeft>;

export const memberRemoved = defineEvent('MemberRemoved', z.object({ userId: userIdSchema, ...moment }));
/** A member was removed by somebody else (the actor). `afterSeq` is the last message whose audience they are in. */
export type MemberRemoved = EventOf<typeof memberRemoved>;

export const memberRoleChanged = defineEvent('MemberRoleChanged', z.object({ userId: userIdSchema, role: roleSchema }));
/** A member's role is `role` from here on. */
export type MemberRoleChanged = EventOf<typeof memberRoleChanged>;

export const memberRenamed = defineEvent('MemberRenamed', z.object({ userId: userIdSchema, name: nameSchema }));
/** A member is shown as `name` in this group from here on. The person stays the same. */
export type MemberRenamed = EventOf<typeof memberRenamed>;
