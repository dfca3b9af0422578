import type { Position, RecordedEvent } from './event-log.ts';
import type { GroupRow, GroupSnapshot, MemberRow, MessageRow, ReactionRow, ReadCountRange } from './read-models.ts';

/**
 * Rows as they are stored. `position` is that of the newest change in the row: whatever is applied again meets its own
 * position and changes nothing. What a change makes of a row is said in projections/rows, once for every store.
 */
export interface StoredGroup extends Omit<GroupRow, 'createdAt'> {
  /** Null while the group's first event has not come, or could not be read: queries do not show such a group. */
  readonly createdAt: string | null;
  /** The newest position at which a message was sent, or the group created: what the inbox is ordered by. */
  readonly activityPosition: Position;
  /** The newest position at which a mark counted: stored read counts that are exact at an earlier one are old. */
  readonly countsPosition: Position;
  /** Where the group is halted, and why; null where it goes on. */
  readonly haltedAt: Position | null;
  readonly haltReason: string | null;
  /** The newest change of the name or the member count. */
  readonly position: Position;
}

export interface StoredMember extends MemberRow {
  readonly position: Position;
}

export interface StoredMessage extends MessageRow {
  readonly position: Position;
}

/** One person with one emoji under one message, standing there or not. */
export interface StoredReaction extends ReactionRow {
  readonly present: boolean;
  readonly position: Position;
}

/** What stands under one message: an entry for every emoji that ever did, in the order in which they came. */
export interface StoredReactionCounts {
  readonly groupId: string;
  readonly seq: number;
  readonly counts: readonly { readonly emoji: string; readonly count: number }[];
  readonly position: Position;
}

/** The keys of one group's rows. */
export interface RowKeys {
  readonly groupId: string;
  readonly userIds: readonly string[];
  /** Of messages. */
  readonly seqs: readonly number[];
  readonly reactions: readonly Omit<ReactionRow, 'groupId'>[];
  /** Of messages whose reaction counts are wanted. */
  readonly countedSeqs: readonly number[];
}

/** Those of the wanted rows that are there, in any order. */
export interface LoadedRows {
  readonly members: readonly StoredMember[];
  readonly messages: readonly StoredMessage[];
  readonly reactions: readonly StoredReaction[];
  readonly reactionCounts: readonly StoredReactionCounts[];
}

/** A row that a batch has changed: as it was loaded or last committed, undefined where it was not there, and as it is to be. */
export interface ChangedRow<Row> {
  readonly before: Row | undefined;
  readonly after: Row;
}

/**
 * The moments of one member's marks that counted, in their order: `at[0]` is that of the mark up to `upTo[0]`, and so on.
 * Two lists of numbers, since most of all events are marks. The same mark is committed again as often as its batch is: it
 * stays one row.
 */
export interface MemberMarks {
  readonly userId: string;
  readonly upTo: readonly number[];
  /** Milliseconds since 1970. */
  readonly at: readonly number[];
}

/** A fact of the log: written again it says the same. */
export interface Mention {
  readonly userId: string;
  readonly seq: number;
  readonly position: Position;
}
/** The same; of several of one message, the first. */
export interface MentionOfAll {
  /** Who is not told. */
  readonly authorId: string;
  readonly seq: number;
  readonly position: Position;
}

/** How far a command has come; of one row the newest position stays. */
export interface StoredCommand {
  readonly actorId: string;
  readonly commandId: string;
  readonly digest: string;
  readonly addedUpTo: string | null;
  readonly position: Position;
}

/** The text of a message that took the place of another; null where it was deleted. */
export interface Rewrite {
  readonly seq: number;
  readonly text: string | null;
  readonly position: Position;
}

/** What one batch changes in one group. Each row stands in it once, each list in the order of the log. */
export interface ChangedGroup {
  readonly group: ChangedRow<StoredGroup>;
  /** Once committed, everything of the group up to here is in its rows; or further, where it was before. */
  readonly upTo: Position;
  readonly members: readonly ChangedRow<StoredMember>[];
  readonly messages: readonly ChangedRow<StoredMessage>[];
  readonly reactions: readonly ChangedRow<StoredReaction>[];
  readonly reactionCounts: readonly ChangedRow<StoredReactionCounts>[];
  /** One a member. */
  readonly marks: readonly MemberMarks[];
  readonly mentions: readonly Mention[];
  readonly mentionsOfAll: readonly MentionOfAll[];
  /** One a command, its newest. */
  readonly commands: readonly StoredCommand[];
  /** Every edit and deletion of the batch, also one whose message row an earlier attempt has committed: what a store keeps
   * of a text beside the row, so that readers of before still find it, is to go. */
  readonly rewrites: readonly Rewrite[];
}

/**
 * How far the rows are, and in which log: the event that stands there. A log that was restored from a backup and has grown
 * past the position holds another one.
 */
export interface Checkpoint {
  /** Everything up to here is in the rows; `startOfLog` for empty read models. */
  readonly position: Position;
  /** Undefined where nothing was projected yet. */
  readonly event: Pick<RecordedEvent, 'streamName' | 'version' | 'eventId'> | undefined;
}

/**
 * What projecting needs of a store, and no more: the one writer of one build of the read models. It knows no rule: what an
 * event means for a row is decided before. One commit at a time. Throws ReadModelsUnavailable for what passes,
 * ReadModelsCorrupt for what does not, and LeaseLost where another process has become the writer, or the build is gone.
 * While a commit is under way, rows may be loaded: those that it changes as they were before it, or as it makes them.
 */
export interface RowStore {
  checkpoint(): Promise<Checkpoint>;
  /** Those of these groups that are there, in any order. */
  loadGroups(groupIds: readonly string[]): Promise<readonly StoredGroup[]>;
  /** Rows of groups that `loadGroups` was asked for since the store was opened or has last thrown. */
  loadRows(keys: readonly RowKeys[]): Promise<LoadedRows>;
  /**
   * Writes the rows of each group so that queries see all of them or none, in whatever order of groups, and the checkpoint
   * with them or after them. Where it throws, nobody knows what was written: everything is to be loaded again, and the batch
   * may be committed again.
   */
  commit(groups: readonly ChangedGroup[], checkpoint: Checkpoint): Promise<void>;
  /** By position, ascending. */
  haltedGroups(): Promise<
    readonly { readonly groupId: string; readonly position: Position; readonly reason: string }[]
  >;
  close(): Promise<void>;
}

/** A group's aggregated counts, as people who query the store read them. */
export interface StoredReadCounts {
  readonly groupId: string;
  /** What they are exact at. */
  readonly position: Position;
  readonly ranges: readonly ReadCountRange[];
}

/** What storing the aggregated counts needs. Throws like a RowStore. */
export interface ReadCountsStore {
  /** Groups by id, ascending, of which a mark counted after their counts were last stored. */
  groupsToCount(
    afterGroupId: string | undefined,
    limit: number,
  ): Promise<readonly Pick<StoredGroup, 'groupId' | 'memberCount'>[]>;
  /** What everything committed so far says of these groups, each exact at its position; none of one that is not there. */
  groupSnapshots(groupIds: readonly string[]): Promise<readonly GroupSnapshot[]>;
  /** Replaces these groups' aggregated counts, each unless those stored are exact at a later position. */
  storeReadCounts(counts: readonly StoredReadCounts[]): Promise<void>;
}

/** The one writer of a build, with all that it is asked for. */
export interface ReadModelWriter extends RowStore, ReadCountsStore {
  /**
   * The same rows for as long as much is to be written at once: commits hold up the calling thread as little as they can.
   * Until it is closed, the writer itself is asked for no commit. Throws like a RowStore, and WriterEnded.
   */
  openForFilling(): Promise<RowStore>;
}
