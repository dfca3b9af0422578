import type { DatabaseSync } from 'node:sqlite';
import type { MentionRow, MessageKey, MessageRow, ReactionCount, ReactionRow } from '../../ports/rows.ts';
import type { Search } from '../../ports/search-query.ts';
import { messageKeyOf, seqsPerGroup } from './read-model-file.ts';
import {
  inOneSnapshot,
  isWithin,
  type MessageColumns,
  prepareQuery,
  type Query,
  selectMessages,
  toMessageRow,
  toStays,
} from './read-model-rows.ts';

const highestSeq = seqsPerGroup - 1;

/** Queries about messages: pages, the search, reactions and mentions. */
export function prepareMessageQueries(database: DatabaseSync) {
  const groupKey = prepareQuery<[number]>(database, 'SELECT group_key FROM groups WHERE group_id = ?');
  const messagesWhere = (rest: string): Query<MessageColumns> => prepareQuery(database, `${selectMessages} ${rest}`);
  const page = (order: 'ASC' | 'DESC'): Query<MessageColumns> =>
    messagesWhere(`WHERE p.message_key BETWEEN ? AND ? ORDER BY p.message_key ${order} LIMIT ?`);
  const lowest = page('ASC');
  const highest = page('DESC');
  const byKey = messagesWhere('WHERE p.message_key = ?');
  const byIdInGroup = messagesWhere('WHERE p.message_id = ? AND p.message_key BETWEEN ? AND ?');
  const emojis = prepareQuery<[string, number]>(
    database,
    `SELECT j.value ->> 0, j.value ->> 1 FROM reaction_counts r CROSS JOIN json_each(r.counts) j
     WHERE r.message_key = ? AND j.value ->> 1 > 0 ORDER BY j.key`,
  );
  const reactions = prepareQuery<[string, string]>(
    database,
    'SELECT emoji, user_id FROM reactions WHERE message_key = ? AND present = 1',
  );
  const message = (key: number): readonly MessageRow[] => byKey.all(key).map(toMessageRow);
  const mentioned = prepareMentions(database);
  const found = prepareSearch(database);

  /** Rows of several messages; those of unknown groups have none. */
  function eachKey<Row>(keys: readonly MessageKey[], read: (key: MessageKey, messageKey: number) => Row[]): Row[] {
    return inOneSnapshot(database, () =>
      keys.flatMap((key) => {
        const group = groupKey.get(key.groupId);
        return group === undefined ? [] : read(key, messageKeyOf(group[0], key.seq));
      }),
    );
  }

  return {
    timelinePage(
      groupId: string,
      { fromSeq, toSeq, limit, last }: { fromSeq: number; toSeq: number; limit: number; last: boolean },
    ): readonly MessageRow[] {
      const group = groupKey.get(groupId);
      if (group === undefined) return [];
      const from = messageKeyOf(group[0], Math.min(Math.max(fromSeq, 0), highestSeq));
      const to = messageKeyOf(group[0], Math.min(Math.max(toSeq, 0), highestSeq));
      const rows = (last ? highest : lowest).all(from, to, limit).map(toMessageRow);
      return last ? rows.reverse() : rows;
    },
    messages(groupId: string, messageIds: readonly string[]): readonly MessageRow[] {
      return inOneSnapshot(database, () => {
        const group = groupKey.get(groupId);
        if (group === undefined) return [];
        const [first, last] = [messageKeyOf(group[0], 0), messageKeyOf(group[0], highestSeq)];
        return messageIds.flatMap((messageId) => byIdInGroup.all(messageId, first, last).map(toMessageRow));
      });
    },
    messagesBySeq: (keys: readonly MessageKey[]): readonly MessageRow[] => eachKey(keys, (_, key) => [...message(key)]),
    reactionCounts: (keys: readonly MessageKey[]): readonly ReactionCount[] =>
      eachKey(keys, ({ groupId, seq }, key) =>
        emojis.all(key).map(([emoji, count]) => ({ groupId, seq, emoji, count })),
      ),
    reactions: (keys: readonly MessageKey[]): readonly ReactionRow[] =>
      eachKey(keys, ({ groupId, seq }, key) =>
        reactions.all(key).map(([emoji, userId]) => ({ groupId, seq, emoji, userId })),
      ),
    mentionsPage: (userId: string, before: number | undefined, limit: number): readonly MentionRow[] =>
      inOneSnapshot(database, () =>
        mentioned(userId, before ?? Number.MAX_SAFE_INTEGER, limit).flatMap(([position, key]) =>
          message(key).map((row) => ({ message: row, position })),
        ),
      ),
    /** The newest messages before a position that may hold what is looked for: at most `limit`, newest first. */
    searched: (groupIds: readonly string[], search: Search, before: number, limit: number): readonly MessageRow[] =>
      inOneSnapshot(database, () => found(groupIds, search, before, limit).flatMap(([, key]) => message(key))),
  };
}

/** A position, and the key of a message that was sent there or mentions somebody there. */
type Place = readonly [number, number];

const newestFirst = ([a]: Place, [b]: Place): number => b - a;

/**
 * The newest messages before a position with all the words and beginnings, newest first. Each group is a range of the index's rows,
 * so that other groups' messages cost nothing; within a group, seq and position grow together.
 */
function prepareSearch(database: DatabaseSync) {
  const extent = prepareQuery<readonly [number, number, number]>(
    database,
    'SELECT group_key, last_seq, activity_position FROM groups WHERE group_id = ?',
  );
  const firstFrom = prepareQuery<readonly [number, number]>(
    database,
    `SELECT message_key, sent_position FROM messages WHERE message_key >= ? AND message_key < ?
     ORDER BY message_key LIMIT 1`,
  );
  const found = prepareQuery<Place>(
    database,
    `SELECT p.sent_position, w.rowid FROM message_words w CROSS JOIN messages p ON p.message_key = w.rowid
     WHERE w.message_words MATCH ? AND w.rowid > ? AND w.rowid < ? ORDER BY w.rowid DESC LIMIT ?`,
  );

  /** Where the group's messages end that were sent before the position, by halving. */
  function endBefore(position: number, start: number, end: number): number {
    let [low, high] = [start, end];
    while (low < high) {
      const middle = low + Math.floor((high - low) / 2);
      const [key, sentPosition] = firstFrom.get(middle, high) ?? [high, position];
      if (sentPosition >= position) high = middle;
      else low = key + 1;
    }
    return low;
  }

  return (groupIds: readonly string[], search: Search, before: number, limit: number): readonly Place[] => {
    // Words hold no quotes, so between two of them nothing is query syntax.
    const words = [...search.words.map((word) => `"${word}"`), ...search.beginnings.map((one) => `"${one}"*`)].join(
      ' ',
    );
    const places = groupIds.flatMap((groupId) => {
      const [groupKey, lastSeq, activityPosition] = extent.get(groupId) ?? [];
      if (groupKey === undefined || lastSeq === undefined || activityPosition === undefined) return [];
      const [start, end] = [messageKeyOf(groupKey, 0), messageKeyOf(groupKey, lastSeq) + 1];
      const bound = activityPosition < before ? end : endBefore(before, start, end);
      // A number is bound as a float, by which the index does not skip: it would go through every group's hits.
      return found.all(words, BigInt(start), BigInt(bound), limit);
    });
    return places.sort(newestFirst).slice(0, limit);
  };
}

/**
 * A person's mentions before a position, newest first.
 *
 * - By name: a row of their own.
 * - With everybody: the group's row, where the message lies within one of their stays and is not their own.
 * - Either counts only in groups of which they are a member now. One message is one mention.
 */
function prepareMentions(database: DatabaseSync) {
  const byName = prepareQuery<Place>(
    database,
    `SELECT n.position, n.message_key FROM mentions n WHERE n.user_id = ? AND n.position < ? AND EXISTS (
       SELECT 1 FROM members m WHERE m.group_key = n.message_key / ${seqsPerGroup} AND m.user_id = n.user_id AND m.active = 1)
     ORDER BY n.position DESC LIMIT ?`,
  );
  const memberships = prepareQuery<readonly [number, string]>(
    database,
    'SELECT group_key, stays FROM members WHERE user_id = ? AND active = 1',
  );
  // Who is named as well was told by that, at the latest when everybody was.
  const ofAll = prepareQuery<readonly [number, number]>(
    database,
    `SELECT a.position, a.seq FROM mentions_of_all a
       CROSS JOIN messages p ON p.message_key = a.group_key * ${seqsPerGroup} + a.seq
     WHERE a.group_key = ? AND a.position < ? AND a.seq > ? AND p.author_id <> ?
       AND NOT EXISTS (SELECT 1 FROM mentions n WHERE n.user_id = ? AND n.message_key = p.message_key)
     ORDER BY a.position DESC`,
  );

  /** Reads a group's mentions of everybody since the first stay, from the newest on, no further than the page reaches. */
  function collectOfAll(groupKey: number, stayText: string, userId: string, before: number, limit: number): Place[] {
    const stays = toStays(stayText);
    const mentions: Place[] = [];
    for (const [position, seq] of ofAll.iterate(groupKey, before, stays[0]?.from ?? 0, userId, userId)) {
      if (mentions.length >= limit) break;
      if (isWithin(stays, seq)) mentions.push([position, messageKeyOf(groupKey, seq)]);
    }
    return mentions;
  }

  return (userId: string, before: number, limit: number): readonly Place[] => {
    const mentions = new Map(byName.all(userId, before, limit));
    for (const [groupKey, stays] of memberships.all(userId)) {
      for (const [position, key] of collectOfAll(groupKey, stays, userId, before, limit)) mentions.set(position, key);
    }
    return [...mentions].sort(newestFirst).slice(0, limit);
  };
}
