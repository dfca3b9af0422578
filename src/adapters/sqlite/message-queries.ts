import type { DatabaseSync } from 'node:sqlite';
import type { MentionRow, MessageKey, MessageRow, ReactionCount, ReactionRow } from '../../ports/rows.ts';
import { maximumSearchWords, searchWords } from '../../ports/search-words.ts';
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
  const found = prepareQuery<[number]>(
    database,
    `SELECT rowid FROM message_words WHERE message_words MATCH ? AND rowid > ? AND rowid < ? ORDER BY rowid DESC LIMIT ?`,
  );
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
    /** Words are letters and digits, so in quotes nothing of them is query syntax. */
    search(groupId: string, text: string, beforeSeq: number | undefined, limit: number): readonly MessageRow[] {
      const words = [...new Set(searchWords(text).slice(0, maximumSearchWords))].map((word) => `"${word}"`);
      return inOneSnapshot(database, () => {
        const group = groupKey.get(groupId);
        if (group === undefined || words.length === 0) return [];
        const before = messageKeyOf(group[0], Math.min(beforeSeq ?? highestSeq, highestSeq));
        return found.all(words.join(' '), messageKeyOf(group[0], 0), before, limit).flatMap(([key]) => message(key));
      });
    },
  };
}

/** A mention's position and its message's key. */
type Mention = readonly [number, number];

/**
 * A person's mentions before a position, newest first.
 *
 * - By name: a row of their own.
 * - With everybody: the group's row, where the message lies within one of their stays and is not their own.
 * - Either counts only in groups of which they are a member now. One message is one mention.
 */
function prepareMentions(database: DatabaseSync) {
  const byName = prepareQuery<Mention>(
    database,
    `SELECT n.position, n.message_key FROM mentions n WHERE n.user_id = ? AND n.position < ? AND EXISTS (
       SELECT 1 FROM members m WHERE m.group_key = n.message_key / ${seqsPerGroup} AND m.user_id = n.user_id AND m.active = 1)
     ORDER BY n.position DESC LIMIT ?`,
  );
  const memberships = prepareQuery<readonly [number, string]>(
    database,
    'SELECT group_key, stays FROM members WHERE user_id = ? AND active = 1',
  );
  const ofAll = prepareQuery<readonly [number, number]>(
    database,
    `SELECT a.position, a.seq FROM mentions_of_all a
       CROSS JOIN messages p ON p.message_key = a.group_key * ${seqsPerGroup} + a.seq
     WHERE a.group_key = ? AND a.position < ? AND p.author_id <> ? ORDER BY a.position DESC`,
  );

  /** Reads a group's mentions of everybody from the newest on, no further than the first stay and the page reach. */
  function collectOfAll(groupKey: number, stayText: string, userId: string, before: number, limit: number): Mention[] {
    const stays = toStays(stayText);
    const mentions: Mention[] = [];
    for (const [position, seq] of ofAll.iterate(groupKey, before, userId)) {
      if (seq <= (stays[0]?.from ?? 0) || mentions.length >= limit) break;
      if (isWithin(stays, seq)) mentions.push([position, messageKeyOf(groupKey, seq)]);
    }
    return mentions;
  }

  return (userId: string, before: number, limit: number): readonly Mention[] => {
    const mentions = new Map(byName.all(userId, before, limit));
    for (const [groupKey, stays] of memberships.all(userId)) {
      for (const [position, key] of collectOfAll(groupKey, stays, userId, before, limit)) mentions.set(position, key);
    }
    return [...mentions].sort(([a], [b]) => b - a).slice(0, limit);
  };
}
