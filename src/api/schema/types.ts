import type { InboxEntry } from '../../delivery/inbox-source.ts';
import type { ReadCountsAnnouncement } from '../../delivery/read-count-announcer.ts';
import type { GroupRow, MemberRow, MessageRow, ReactionCount, ReadCountRange, ReaderRow } from '../../ports/rows.ts';
import type { ReadExplanation } from '../../projections/read-counts.ts';
import { builder } from './builder.ts';
import { connectionType } from './connection.ts';

/** A member as a group's state knows them, present or gone. */
export interface MemberNode {
  readonly groupId: string;
  readonly userId: string;
  readonly name: string;
  readonly role: MemberRow['role'];
  readonly active: boolean;
}

export interface ReaderNode {
  readonly member: MemberNode;
  readonly readAt: ReaderRow['readAt'];
}

/** The object types by what stands behind each; their fields are in the files named for them. */
export const userRef = builder.objectRef<{ readonly id: string; readonly name: string | null }>('User');
export const groupRef = builder.objectRef<GroupRow>('Group');
export const memberRef = builder.objectRef<MemberNode>('Member');
export const membershipRef = builder.objectRef<MembershipNode>('Membership');
export const messageRef = builder.objectRef<MessageRow>('Message');
export const reactionRef = builder.objectRef<ReactionCount>('Reaction');
export const readerRef = builder.objectRef<ReaderNode>('Reader');
export const explanationRef = builder.objectRef<ReadExplanation>('ReadExplanation');
export const inboxItemRef = builder.objectRef<InboxEntry>('InboxItem');
export const readCountsItemRef = builder.objectRef<ReadCountsAnnouncement>('ReadCountsItem');
export const readCountRangeRef = builder.objectRef<ReadCountRange>('ReadCountRange');

export interface MembershipNode {
  readonly role: MemberRow['role'];
  readonly markedUpTo: number;
  readonly unreadCount: number;
}

export const roleEnum = builder.enumType('Role', {
  description: 'Owners do everything; admins manage members and delete messages; members write and read.',
  values: { OWNER: { value: 'owner' }, ADMIN: { value: 'admin' }, MEMBER: { value: 'member' } } as const,
});

export const memberConnection = connectionType('Member', memberRef);
export const messageConnection = connectionType('Message', messageRef);
export const readerConnection = connectionType('Reader', readerRef);
export const inboxConnection = connectionType('Inbox', inboxItemRef);
