import type { Role } from '../events/values.ts';
import type { Position, Version } from './event-log.ts';

export interface GroupRow {
  readonly groupId: string;
  readonly name: string;
  readonly createdAt: string;
  readonly memberCount: number;
  readonly lastSeq: number;
  readonly lastMessageAt: string | null;
  /** The latest moment of all that has happened in the group, marks included. */
  readonly lastAt: string | null;
  /** `hashCreation` of its first event. */
  readonly creationHash: string | null;
  /** How much of `group-…` and `reads-…` is in these rows. */
  readonly version: Version;
  readonly readsVersion: Version;
}

/** The messages after `from` up to and with `to` (null: still a member), for which a member is in the audience. */
export interface Stay {
  readonly from: number;
  readonly to: number | null;
}

/** One person in one group, also after leaving (`active` false). A member has one open stay, the last. */
export interface MemberRow {
  readonly groupId: string;
  readonly userId: string;
  readonly name: string;
  readonly role: Role;
  readonly active: boolean;
  readonly joinedAt: string;
  readonly stays: readonly Stay[];
  /** The high-water mark: 0 before anything was read or sent. */
  readonly markedUpTo: number;
}

export interface MessageRow {
  readonly groupId: string;
  readonly messageId: string;
  readonly seq: number;
  readonly authorId: string;
  /** Null once deleted. */
  readonly text: string | null;
  readonly sentAt: string;
  readonly editedAt: string | null;
  readonly deletedAt: string | null;
  /** `hashSent` of what it said at first; null while it still does. */
  readonly sentHash: string | null;
  readonly replyTo: string | null;
  readonly mentions: readonly string[];
  readonly mentionsAll: boolean;
  readonly audienceCount: number;
  /** Where the log holds the message itself, whatever has become of it since. */
  readonly sentPosition: Position;
}

/** A command by whoever gave it and the id that their client chose. */
export interface CommandKey {
  readonly actorId: string;
  readonly commandId: string;
}

/** A command of which a group's stream holds events, of those whose clients chose an id. */
export interface CommandRow extends CommandKey {
  readonly groupId: string;
  /** What it said, as its events' metadata have it. */
  readonly digest: string;
  /** Null once all of it is in the log; otherwise how far it came, see `commandProgress`. */
  readonly addedUpTo: string | null;
  /** Of its newest event. */
  readonly position: Position;
}

export interface ReactionRow {
  readonly groupId: string;
  readonly seq: number;
  readonly emoji: string;
  readonly userId: string;
}

/** One emoji under one message. */
export type ReactionKey = Omit<ReactionRow, 'userId'>;

/** How many stand behind one emoji under one message. */
export interface ReactionCount {
  readonly groupId: string;
  readonly seq: number;
  readonly emoji: string;
  readonly count: number;
}

/** Readers with their marks' first moment at or beyond a message. */
export interface ReaderRow {
  readonly userId: string;
  readonly readAt: string;
}

export interface InboxRow {
  readonly group: GroupRow;
  readonly member: MemberRow;
  /** The newest position at which a message was sent, or the group created: what the inbox is ordered by, descending. */
  readonly activityPosition: Position;
}

/** A person by the one of their name's keys by which they are listed: see `nameKeys`. */
export interface NamedMember {
  readonly nameKey: string;
  readonly member: MemberRow;
}

/** A group with messages that one has not read: those after `afterSeq` up to `lastSeq`. */
export interface UnreadGroup {
  readonly groupId: string;
  readonly afterSeq: number;
  readonly lastSeq: number;
}

export interface MentionCount {
  readonly groupId: string;
  readonly count: number;
}

export interface MentionRow {
  readonly message: MessageRow;
  readonly position: Position;
}

/** A group that stopped at an event which cannot be read. Its rows are those of the events before. */
export interface HaltedGroup {
  readonly groupId: string;
  readonly position: Position;
  readonly reason: string;
}

/** Where messages `fromSeq` to `toSeq` all have `readCount` readers. */
export interface ReadCountRange {
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly readCount: number;
}

/** A message by its place: messages are kept by group and seq, whatever their ids. */
export interface MessageKey {
  readonly groupId: string;
  readonly seq: number;
}
