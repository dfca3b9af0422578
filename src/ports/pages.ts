import type { Position } from './event-log.ts';
import type { MessageMemory } from './message-memory.ts';
import type {
  InboxRow,
  MemberRow,
  MentionCount,
  MentionRow,
  MessageKey,
  MessageRow,
  NamedMember,
  ReactionCount,
  ReactionKey,
  ReactionRow,
  ReaderRow,
  UnreadGroup,
} from './rows.ts';

/** Which messages of a group: those with fromSeq ≤ seq ≤ toSeq, at most `limit` of them. */
export interface TimelineRange {
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly limit: number;
  /** Where there are more, the highest ones, and otherwise the lowest. */
  readonly last: boolean;
}

/** Which of a list in the order of its keys: those between two keys, at most `limit` of them. */
export interface KeyRange {
  readonly after?: string | undefined;
  readonly before?: string | undefined;
  readonly limit: number;
  /** Where there are more, the last ones, and otherwise the first. */
  readonly last?: boolean;
}

/**
 * Pages of what people look at, of groups, people and numbers. No page is half of a batch of one group. It holds at most
 * `limit` rows and starts after the given key; keys are those of its last row. Throws ReadModelsUnavailable.
 */
export interface PeoplePages {
  /** Active members by user id, ascending. */
  membersPage(groupId: string, range: KeyRange): Promise<readonly MemberRow[]>;
  /** Rows of these people of the group, also of those who have left it, in any order. */
  members(groupId: string, userIds: readonly string[]): Promise<readonly MemberRow[]>;
  /** The groups of which the person is an active member, newest activity first. */
  inboxPage(userId: string, before: Position | undefined, limit: number): Promise<readonly InboxRow[]>;
  /** Readers of a message by user id, ascending; with `at`, those who had read it by then. Never its author. */
  readersPage(
    key: MessageKey,
    at: string | undefined,
    afterUserId: string | undefined,
    limit: number,
  ): Promise<readonly ReaderRow[]>;
  /**
   * Active members by the keys of their names that begin with the prefix (`nameKeys`, `namePrefix`), then by user id: each
   * once, at the first of these. Who is renamed or leaves while it is read, or as it is read after a moment, may be missed.
   */
  membersByName(
    groupId: string,
    prefix: string,
    after: (Pick<NamedMember, 'nameKey'> & { readonly userId: string }) | undefined,
    limit: number,
  ): Promise<readonly NamedMember[]>;
  /**
   * The person's groups with something unread, in any order: messages after their mark and the beginning of the present
   * stay. A halted group is none of them.
   * Looks at a row for each of their groups, and at no message.
   */
  unreadGroups(userId: string): Promise<readonly UnreadGroup[]>;
  /**
   * How many messages after each of these mention the person, by name or with everybody, without their own: at most `limit`
   * are counted of each group, and as many are looked at. For groups of which they are active members, and messages since
   * the beginning of the present stay; in any order, and none where there are none.
   */
  mentionCounts(userId: string, after: readonly MessageKey[], limit: number): Promise<readonly MentionCount[]>;
  /**
   * Who stands behind each of these reactions, by user id, ascending, and at most `limit` of each; the reactions in any
   * order.
   */
  reactionMembers(
    reactions: readonly (ReactionKey & { readonly afterUserId?: string | undefined })[],
    limit: number,
  ): Promise<readonly ReactionRow[]>;
  /** Those of these reactions behind which the person stands, in any order. */
  ownReactions(userId: string, reactions: readonly ReactionKey[]): Promise<readonly ReactionKey[]>;
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
  /** Those of these messages that are there, in any order. */
  messagesBySeq(keys: readonly MessageKey[]): Promise<readonly MessageRow[]>;
  /** Messages that mention the person, by name or with everybody, in groups of which they are active members; newest first. */
  mentionsPage(userId: string, before: Position | undefined, limit: number): Promise<readonly MentionRow[]>;
  /**
   * Messages of these groups that hold what `text` looks for (`parseSearch`), newest first: by the position at which they
   * were sent. Without a word nothing is found. It takes as long as there are groups, and messages with all the words that
   * do not hold them as they were asked for, whatever other groups hold: of many of these, each thousand is of a moment of
   * its own.
   */
  search(
    groupIds: readonly string[],
    text: string,
    before: Position | undefined,
    limit: number,
  ): Promise<readonly MessageRow[]>;
}
