import type { Collection, Db } from 'mongodb';
import type { Position, Version } from '../../ports/event-log.ts';
import type { CommandRow, MemberRow, MessageRow, ReadCountRange } from '../../ports/read-models.ts';

/** Raised whenever the documents or what is in them changes: read models of any other version are built anew from the log. */
export const readModelSchemaVersion = 2;

/** What a document is about; it never changes. */
export type Key<Row, Changing extends keyof Row> = Omit<Row, Changing>;

/**
 * A document whose fields are those of the newest change it has met. It is written before its group is committed, so it
 * also keeps its fields as the group was last committed: see `stateAt`.
 */
export interface Versioned<State extends { readonly position: Position }> {
  readonly _id: string;
  readonly groupId: string;
  /** The number of the batch that wrote it. A batch of a lower number writes it no more. */
  readonly batch: number;
  /** The fields before; null for a document that was not there. */
  readonly previous: State | null;
}

/** One person in one group. */
type MembershipFields = 'name' | 'role' | 'active' | 'joinedAt' | 'stays' | 'markedUpTo';
export type MembershipKey = Key<MemberRow, MembershipFields>;
export type MembershipState = Pick<MemberRow, MembershipFields> & { readonly position: Position };
export type MembershipDocument = MembershipKey & MembershipState & Versioned<MembershipState>;

/** One message. */
type MessageFields = 'text' | 'editedAt' | 'deletedAt';
export type MessageKeyFields = Key<MessageRow, MessageFields>;
export type MessageState = Pick<MessageRow, MessageFields> & { readonly position: Position };
export type MessageDocument = MessageKeyFields &
  MessageState &
  Versioned<MessageState> & {
    /** Those of its text, and of the text before while that may still be shown. */
    readonly words: readonly string[];
  };

/** One person with one emoji under one message, present or not. */
export interface ReactionKey {
  readonly groupId: string;
  readonly seq: number;
  readonly userId: string;
  readonly emoji: string;
}
export interface ReactionState {
  readonly present: boolean;
  readonly firstPosition: Position;
  readonly position: Position;
}
export type ReactionDocument = ReactionKey & ReactionState & Versioned<ReactionState>;

/** What stands under one message: an entry for every emoji that ever did, in the order in which they came. */
export interface ReactionCountsKey {
  readonly groupId: string;
  readonly seq: number;
}
export interface ReactionCountsState {
  readonly counts: readonly { readonly emoji: string; readonly count: number }[];
  readonly position: Position;
}
export type ReactionCountsDocument = ReactionCountsKey & ReactionCountsState & Versioned<ReactionCountsState>;

/** A group, written last of all that a batch changes in it: what `appliedTo` says is what queries show. */
export interface GroupDocument {
  /** The group's id. */
  readonly _id: string;
  readonly name: string;
  /** Null while the group's first event has not come, or could not be read. */
  readonly createdAt: string | null;
  readonly memberCount: number;
  readonly lastSeq: number;
  readonly lastMessageAt: string | null;
  readonly version: Version;
  readonly readsVersion: Version;
  /** What the inbox is ordered by. */
  readonly activityPosition: Position;
  /** The newest position at which a message or a mark was applied. */
  readonly countsPosition: Position;
  /** Whether that is newer than the stored read counts. */
  readonly uncounted: boolean;
  /** The newest change of the name or the member count. */
  readonly position: Position;
  /** Everything of the group up to here is in the documents, and queries show nothing beyond. */
  readonly appliedTo: Position;
  /** Where the group is halted, and why. In the group's own document, so that a halt is committed and fenced with the rest. */
  readonly haltedAt: Position | null;
  readonly haltReason: string | null;
  readonly batch: number;
}

/** The moment of one mark. It counts only as far as its member's own document says that it has been reached. */
export interface MarkDocument {
  readonly _id: string;
  readonly groupId: string;
  readonly userId: string;
  readonly upTo: number;
  readonly at: string;
}

/** A mention of one person. */
export interface MentionDocument {
  readonly _id: string;
  readonly userId: string;
  readonly position: Position;
  readonly groupId: string;
  readonly seq: number;
}
/** A mention of everybody: whom it reaches follows from the stays; never its author. */
export type MentionOfAllDocument = Omit<MentionDocument, 'userId'> & { readonly authorId: string };

/** A command that has changed something; the newest of its events says how far it has come. */
export type CommandDocument = CommandRow & { readonly _id: string };

export interface ReadCountsDocument {
  readonly _id: string;
  readonly position: Position;
  readonly ranges: readonly ReadCountRange[];
}

/** How far the read models are, and who may write them. There is one. */
export interface CheckpointDocument {
  readonly _id: typeof checkpointId;
  readonly schemaVersion: number;
  /** The collections are being thrown away and made anew: nothing in them is to be shown. */
  readonly building: boolean;
  /** Everything up to here is in the documents. */
  readonly position: Position;
  /** The lease term of the one who may write. */
  readonly token: number;
  /** The number of the newest batch that was begun, whether it has come to its end or not. */
  readonly batch: number;
  /** Where that batch ends; the same as `position` between two batches. For people who look. */
  readonly applying: Position;
  readonly holder: string;
  readonly changedAt: Date;
}
export const checkpointId = 'read-models';

/** One term of the projector's lease. The one of the highest token is in force. */
export interface LeaseDocument {
  /** `projector 17`: that it is unique is what lets only one of several take a term. */
  readonly _id: string;
  readonly token: number;
  readonly holder: string;
  /** Of whom exactly: a holder may try more than once. */
  readonly attempt: string;
  /** How long others wait for a renewal. */
  readonly leaseMilliseconds: number;
  /** Raised at each renewal: others watch whether it changes, by their own clocks. */
  readonly renewals: number;
  readonly released: boolean;
  readonly acquiredAt: Date;
  readonly renewedAt: Date;
}

/** Ids hold no white space, so that joined by it they stay apart; an emoji may be anything and comes last. */
export const idOf = (...parts: readonly (string | number)[]): string => parts.join(' ');

export interface Collections {
  readonly timeline: Collection<MessageDocument>;
  readonly groups: Collection<GroupDocument>;
  readonly memberships: Collection<MembershipDocument>;
  readonly marks: Collection<MarkDocument>;
  readonly reactions: Collection<ReactionDocument>;
  readonly reactionCounts: Collection<ReactionCountsDocument>;
  readonly mentions: Collection<MentionDocument>;
  readonly mentionsOfAll: Collection<MentionOfAllDocument>;
  readonly commands: Collection<CommandDocument>;
  readonly readCounts: Collection<ReadCountsDocument>;
  readonly checkpoints: Collection<CheckpointDocument>;
  readonly leases: Collection<LeaseDocument>;
}

export function collectionsOf(database: Db): Collections {
  return {
    timeline: database.collection('timeline'),
    groups: database.collection('groups'),
    memberships: database.collection('memberships'),
    marks: database.collection('marks'),
    reactions: database.collection('reactions'),
    reactionCounts: database.collection('reaction_counts'),
    mentions: database.collection('mentions'),
    mentionsOfAll: database.collection('mentions_of_all'),
    commands: database.collection('commands'),
    readCounts: database.collection('read_counts'),
    checkpoints: database.collection('checkpoints'),
    leases: database.collection('leases'),
  };
}
