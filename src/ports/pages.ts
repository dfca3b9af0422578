import type { Position } from './event-log.ts';
import type { MessageMemory } from './message-memory.ts';
import type { InboxRow, MemberRow, MentionRow, MessageKey, MessageRow, ReactionCount, ReaderRow } from './rows.ts';

/** Which messages of a group: those with fromSeq ≤ seq ≤ toSeq, at most `limit` of them. */
export interface TimelineRange {
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly limit: number;
  /** Where there are more, the highest ones, and otherwise the lowest. */
  readonly last: boolean;
}

/**
 * Pages of what people look at, of groups, people and numbers. No page is half of a batch of one group. It holds at most
 * `limit` rows and starts after the given key; keys are those of its last row. Throws ReadModelsUnavailable.
 */
export interface PeoplePages {
  /** Active members by user id, ascending. */
  membersPage(groupId: string, afterUserId: string | undefined, limit: number): Promise<readonly MemberRow[]>;
  /** The groups of which the person is an active member, newest activity first. */
  inboxPage(userId: string, before: Position | undefined, limit: number): Promise<readonly InboxRow[]>;
  /** Readers of a message by user id, ascending; with `at`, those who had read it by then. Never its author. */
  readersPage(
    key: MessageKey,
    at: string | undefined,
    afterUserId: string | undefined,
    limit: number,
  ): Promise<readonly ReaderRow[]>;
  /** In the order in which each emoji first stood under its message. */
  reactionCounts(keys: readonly MessageKey[]): Promise<readonly ReactionCount[]>;
}

/**
 * Pages of messages with their texts, as the projection has them: what was deleted or replaced since is still there. Pages
 * and errors are those of PeoplePages.
 */
export interface MessagePages extends Pick<MessageMemory, 'messages'> {
  /** Ascending. */
  timelinePage(groupId: string, range: TimelineRange): Promise<readonly MessageRow[]>;
  /** Messages that mention the person, by name or with everybody, in groups of which they are active members; newest first. */
  mentionsPage(userId: string, before: Position | undefined, limit: number): Promise<readonly MentionRow[]>;
  /**
   * Messages of these groups that hold every word of `text`, newest first: by the position at which they were sent. Words
   * are those of `searchWords`: whole, without regard to case or accents. No words find nothing; of a long text the first
   * `maximumSearchWords` count. It takes as long as there are groups, whatever other groups hold.
   */
  search(
    groupIds: readonly string[],
    text: string,
    before: Position | undefined,
    limit: number,
  ): Promise<readonly MessageRow[]>;
}
