import type { DatabaseSync } from 'node:sqlite';
import { firstNameKey, prefixEnd } from '../../ports/name-keys.ts';
import type { PeoplePages } from '../../ports/pages.ts';
import type { MentionCount, NamedMember, ReactionKey, ReactionRow, UnreadGroup } from '../../ports/rows.ts';
import { messageKeyOf, seqsPerGroup } from './read-model-file.ts';
import {
  from,
  inOneSnapshot,
  type MemberColumns,
  memberColumns,
  prepareQuery,
  toMemberRow,
  toStays,
} from './read-model-rows.ts';

type Name = 'membersByName' | 'unreadGroups' | 'mentionCounts' | 'reactionMembers' | 'ownReactions';
/** The port's queries without waiting. */
type Queries = {
  readonly [Key in Name]: (...values: Parameters<PeoplePages[Key]>) => Awaited<ReturnType<PeoplePages[Key]>>;
};

/** Queries about people's names, what they have not read, and what they have reacted with. */
export const prepareListQueries = (database: DatabaseSync): Queries => ({
  membersByName: prepareMembersByName(database),
  unreadGroups: prepareUnreadGroups(database),
  mentionCounts: prepareMentionCounts(database),
  ...prepareReactions(database),
});

function prepareMembersByName(database: DatabaseSync): Queries['membersByName'] {
  const named = prepareQuery<readonly [string, ...MemberColumns]>(
    database,
    `SELECT n.name_key, ${from('m', memberColumns)}
     FROM groups g CROSS JOIN member_names n ON n.group_key = g.group_key
       CROSS JOIN members m ON m.group_key = n.group_key AND m.user_id = n.user_id
     WHERE g.group_id = ? AND (n.name_key, n.user_id) > (?, ?) AND n.name_key < ? ORDER BY n.name_key, n.user_id`,
  );
  return (groupId, prefix, after, limit) => {
    const found: NamedMember[] = [];
    if (limit < 1) return found;
    const start = [after?.nameKey ?? prefix, after?.userId ?? ''];
    for (const [nameKey, ...columns] of named.iterate(groupId, ...start, prefixEnd(prefix))) {
      const member = toMemberRow(groupId, columns);
      // By another of the keys they stand in the list already, or will.
      if (firstNameKey(member.name, prefix) !== nameKey) continue;
      found.push({ nameKey, member });
      if (found.length === limit) break;
    }
    return found;
  };
}

function prepareUnreadGroups(database: DatabaseSync): Queries['unreadGroups'] {
  const behind = prepareQuery<readonly [string, number, number, string]>(
    database,
    `SELECT g.group_id, g.last_seq, m.marked_up_to, m.stays
     FROM members m CROSS JOIN groups g ON g.group_key = m.group_key
     WHERE m.user_id = ? AND m.active = 1 AND g.created_at IS NOT NULL AND g.halted_at IS NULL
       AND g.last_seq > m.marked_up_to`,
  );
  return (userId) =>
    behind.all(userId).flatMap(([groupId, lastSeq, markedUpTo, stays]): readonly UnreadGroup[] => {
      const afterSeq = Math.max(markedUpTo, toStays(stays).at(-1)?.from ?? 0);
      return lastSeq > afterSeq ? [{ groupId, afterSeq, lastSeq }] : [];
    });
}

function prepareMentionCounts(database: DatabaseSync): Queries['mentionCounts'] {
  const groupKey = prepareQuery<[number]>(database, 'SELECT group_key FROM groups WHERE group_id = ?');
  const byName = prepareQuery<[number]>(
    database,
    `SELECT message_key % ${seqsPerGroup} FROM mentions
     WHERE user_id = ? AND message_key > ? AND message_key <= ? ORDER BY message_key DESC LIMIT ?`,
  );
  const ofAll = prepareQuery<readonly [number, string]>(
    database,
    `SELECT a.seq, p.author_id FROM mentions_of_all a
       CROSS JOIN messages p ON p.message_key = a.group_key * ${seqsPerGroup} + a.seq
     WHERE a.group_key = ? AND a.seq > ? ORDER BY a.seq DESC`,
  );

  function countIn(key: number, userId: string, afterSeq: number, limit: number): number {
    const [from, to] = [messageKeyOf(key, afterSeq), messageKeyOf(key, seqsPerGroup - 1)];
    const seqs = new Set(byName.all(userId, from, to, limit).map(([seq]) => seq));
    let ofOthers = 0;
    for (const [seq, authorId] of ofAll.iterate(key, afterSeq)) {
      if (ofOthers === limit) break;
      if (authorId === userId) continue;
      ofOthers += 1;
      seqs.add(seq);
    }
    return Math.min(seqs.size, limit);
  }

  return (userId, after, limit) =>
    inOneSnapshot(database, () =>
      after.flatMap(({ groupId, seq }): readonly MentionCount[] => {
        const [key] = groupKey.get(groupId) ?? [];
        const count = key === undefined ? 0 : countIn(key, userId, Math.min(seq, seqsPerGroup - 1), limit);
        return count === 0 ? [] : [{ groupId, count }];
      }),
    );
}

function prepareReactions(database: DatabaseSync): Pick<Queries, 'reactionMembers' | 'ownReactions'> {
  const groupKey = prepareQuery<[number]>(database, 'SELECT group_key FROM groups WHERE group_id = ?');
  const behind = prepareQuery<[string]>(
    database,
    `SELECT user_id FROM reactions WHERE message_key = ? AND emoji = ? AND user_id > ? AND present = 1
     ORDER BY user_id LIMIT ?`,
  );
  const own = prepareQuery<[number]>(
    database,
    'SELECT present FROM reactions WHERE message_key = ? AND emoji = ? AND user_id = ? AND present = 1',
  );

  /** Each with the key of its message; those of unknown groups have none. */
  function eachReaction<Reaction extends ReactionKey, Row>(
    reactions: readonly Reaction[],
    read: (messageKey: number, reaction: Reaction) => readonly Row[],
  ): readonly Row[] {
    return inOneSnapshot(database, () =>
      reactions.flatMap((reaction) => {
        const [key] = groupKey.get(reaction.groupId) ?? [];
        return key === undefined ? [] : read(messageKeyOf(key, reaction.seq), reaction);
      }),
    );
  }

  return {
    reactionMembers: (reactions, limit) =>
      eachReaction(reactions, (messageKey, { groupId, seq, emoji, afterUserId }): readonly ReactionRow[] =>
        behind.all(messageKey, emoji, afterUserId ?? '', limit).map(([userId]) => ({ groupId, seq, emoji, userId })),
      ),
    ownReactions: (userId, reactions) =>
      eachReaction(reactions, (messageKey, { groupId, seq, emoji }): readonly ReactionKey[] =>
        own.all(messageKey, emoji, userId).map(() => ({ groupId, seq, emoji })),
      ),
  };
}
