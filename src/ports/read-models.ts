import type { Role } from '../events/values.ts';
import type { Change } from './changes.ts';
import type { Position, Version } from './event-log.ts';

/** The read models cannot be used now. */
export class ReadModelsUnavailable extends Error {
  override readonly name = 'ReadModelsUnavailable';
}

/** The read models are damaged and nothing of them can be relied on: discard them and build them from the log again. */
export class ReadModelsCorrupt extends Error {
  override readonly name = 'ReadModelsCorrupt';
}

/** Another process has become the one writer. Nothing more is written by this one until it is chosen again. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

export interface GroupRow {
  readonly groupId: string;
  readonly name: string;
  readonly createdAt: string;
  readonly memberCount: number;
  readonly lastSeq: number;
  readonly lastMessageAt: string | null;
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

/** How far a group's two streams are in its rows, and its newest message there. */
export interface GroupEnd {
  readonly groupId: string;
  readonly version: Version;
  readonly readsVersion: Version;
  readonly lastSeq: number;
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

/** A group with all of its people, as of one moment: what a cold group starts from. */
export interface GroupSnapshot {
  readonly group: GroupRow;
  readonly members: readonly MemberRow[];
  /** The position these rows are exact at. */
  readonly position: Position;
}

/**
 * What readers see. Queries never see half of a batch of one group. A page holds at most `limit` rows and starts after
 * the given key; keys are those of its last row. Throws ReadModelsUnavailable.
 */
export interface ReadModels {
  /** The position up to which everything is in the rows; `startOfLog` for empty read models. */
  checkpoint(): Promise<Position>;

  groups(groupIds: readonly string[]): Promise<readonly GroupRow[]>;
  /** Undefined where no event of the group is projected. All rows are exact at the snapshot's position. */
  groupSnapshot(groupId: string): Promise<GroupSnapshot | undefined>;
  /** Rows of these people, active or not, in any order. */
  members(groupId: string, userIds: readonly string[]): Promise<readonly MemberRow[]>;
  /** Active members by user id, ascending. */
  membersPage(groupId: string, afterUserId: string | undefined, limit: number): Promise<readonly MemberRow[]>;
  /** The groups of which the person is an active member, newest activity first. */
  inboxPage(userId: string, before: Position | undefined, limit: number): Promise<readonly InboxRow[]>;

  /** Messages with fromSeq ≤ seq ≤ toSeq, ascending, at most `limit`: the lowest ones, or with `last` the highest ones. */
  timelinePage(
    groupId: string,
    range: { readonly fromSeq: number; readonly toSeq: number; readonly limit: number; readonly last: boolean },
  ): Promise<readonly MessageRow[]>;
  /** Messages of a group by id, in any order. Ids are the senders' choice: another group may hold the same ones. */
  messages(groupId: string, messageIds: readonly string[]): Promise<readonly MessageRow[]>;
  /** Those of these commands that have changed something in the group, in any order. */
  acceptedCommands(groupId: string, keys: readonly CommandKey[]): Promise<readonly CommandRow[]>;
  /** In the order in which each emoji first stood under its message. */
  reactionCounts(keys: readonly MessageKey[]): Promise<readonly ReactionCount[]>;
  /** Who stands behind each reaction under these messages. */
  reactions(keys: readonly MessageKey[]): Promise<readonly ReactionRow[]>;
  /** Messages that mention the person, by name or with everybody, in groups of which they are active members; newest first. */
  mentionsPage(userId: string, before: Position | undefined, limit: number): Promise<readonly MentionRow[]>;
  /**
   * Messages of a group that hold every word of `text`, newest first. Words are those of `searchWords`: whole, without
   * regard to case or accents. No words find nothing; of a long text the first `maximumSearchWords` count.
   */
  search(groupId: string, text: string, beforeSeq: number | undefined, limit: number): Promise<readonly MessageRow[]>;
  /** Readers of a message by user id, ascending; with `at`, those who had read it by then. Never its author. */
  readersPage(
    key: MessageKey,
    at: string | undefined,
    afterUserId: string | undefined,
    limit: number,
  ): Promise<readonly ReaderRow[]>;
  /** The aggregated counts as last stored, with the position that they are exact at. */
  storedReadCounts(
    groupId: string,
  ): Promise<{ readonly position: Position; readonly ranges: readonly ReadCountRange[] } | undefined>;
  /** By position, ascending. */
  haltedGroups(): Promise<readonly HaltedGroup[]>;

  close(): Promise<void>;
}

/**
 * The one writer of read models. Throws ReadModelsUnavailable for what passes, ReadModelsCorrupt for what does not, and
 * LeaseLost where several processes may become the writer and another has.
 */
export interface ReadModelWriter {
  checkpoint(): Promise<Position>;
  /** Applies the changes in order, then the checkpoint: together, or so that the batch may be applied again. */
  apply(changes: readonly Change[], checkpoint: Position): Promise<void>;
  /** Replaces a group's aggregated counts, unless those stored are exact at a later position. */
  storeReadCounts(groupId: string, position: Position, ranges: readonly ReadCountRange[]): Promise<void>;
  /** What everything applied so far says of a group, exact at the checkpoint. */
  groupSnapshot(groupId: string): Promise<GroupSnapshot | undefined>;
  /** Those of these groups of which anything was applied, halted or not, in any order. */
  groupEnds(groupIds: readonly string[]): Promise<readonly GroupEnd[]>;
  /** Groups by id, ascending, of which a message or a mark was applied after their counts were last stored. */
  groupsToCount(afterGroupId: string | undefined, limit: number): Promise<readonly string[]>;
  haltedGroups(): Promise<readonly HaltedGroup[]>;
  close(): Promise<void>;
}
