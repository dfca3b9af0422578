import type { InboxEntry } from '../../delivery/inbox-source.ts';
import type { ReadCountsAnnouncement } from '../../delivery/read-count-announcer.ts';
import type { GroupRow, MemberRow, MessageRow, ReactionCount, ReadCountRange, ReaderRow } from '../../ports/rows.ts';
import type { ReadExplanation } from '../../projections/counts-now.ts';
import { errorCodes, refusalReasons } from '../refusal-reasons.ts';
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

/** What stands behind the viewer, who is the only user that is shown. */
export interface UserNode {
  readonly userId: string;
  readonly name: string;
}

/** The description that `id` has wherever it stands. */
export const idDescription = 'Global and opaque: unique over all types, and the same for ever. See Query.node.';

/** What a global id names. A node is told what it is by `__typename`: see node-query.ts. */
export const nodeInterface = builder.interfaceRef<object>('Node').implement({
  description: 'What a global id names: see Query.node.',
  fields: (t) => ({
    id: t.id({ description: idDescription }),
  }),
});

/** The object types by what stands behind each; their fields are in the files named for them. */
export const userRef = builder.objectRef<UserNode>('User');
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
  readonly groupId: string;
  readonly role: MemberRow['role'];
  readonly markedUpTo: number;
  /** The later of the mark and of where the present stay began. */
  readonly readUpTo: number;
  readonly lastSeq: number;
}

export const roleEnum = builder.enumType('Role', {
  description: 'Owners do everything; admins manage members and delete messages; members write and read.',
  values: {
    OWNER: { value: 'owner', description: 'Does everything, and makes others owners.' },
    ADMIN: { value: 'admin', description: 'Manages members and deletes messages.' },
    MEMBER: { value: 'member', description: 'Writes and reads.' },
  } as const,
});

export const errorCodeEnum = builder.enumType('ErrorCode', {
  description: 'The closed list of extensions.code of an error: what a client decides by.',
  values: valuesOf(errorCodes, (meaning) => meaning),
});

export const refusalReasonEnum = builder.enumType('RefusalReason', {
  description: 'The closed list of extensions.reason of an error: a finer word than its code, which stands with each.',
  values: valuesOf(refusalReasons, ([code, meaning]) => `${code}: ${meaning}`),
});

function valuesOf<Name extends string, Entry>(
  table: Readonly<Record<Name, Entry>>,
  describe: (entry: Entry) => string,
): Record<Name, { readonly description: string }> {
  const described = Object.entries<Entry>(table).map(([name, entry]) => [name, { description: describe(entry) }]);
  return Object.fromEntries(described) as Record<Name, { readonly description: string }>;
}

export const memberConnection = connectionType('Member', memberRef, 'members');
export const messageConnection = connectionType('Message', messageRef, 'messages');
export const readerConnection = connectionType('Reader', readerRef, 'readers of a message');
export const inboxConnection = connectionType('Inbox', inboxItemRef, 'groups of the caller’s');
