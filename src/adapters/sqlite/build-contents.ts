import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { BuildContents, ContentsRow } from '../../ports/read-model-builds.ts';
import { guarded, messageKeyOf, openForReading, seqsPerGroup } from './read-model-file.ts';
import {
  from,
  type GroupColumns,
  groupColumns,
  type MemberColumns,
  type MessageColumns,
  memberColumns,
  prepareQuery,
  prepareReactionCounts,
  selectMessages,
  toStoredGroup,
  toStoredMember,
  toStoredMessage,
} from './read-model-rows.ts';

const rowsPerTurn = 500;

/**
 * All that stands in a file, one group at a time, on a connection of its own. A group is read in one transaction, which
 * ends with its last row or with the next group: begun and left, it would keep the file's write-ahead log from being
 * written back. Throws BuildGone, ReadModelsCorrupt and ReadModelsUnavailable.
 */
export function openSqliteBuildContents(file: string): BuildContents {
  const database = openForReading(file);
  const allIds = prepareQuery<[string]>(database, 'SELECT group_id FROM groups');
  const group = prepareQuery<readonly [...GroupColumns, number]>(
    database,
    `SELECT ${from('g', groupColumns)}, g.group_key FROM groups g WHERE g.group_id = ?`,
  );
  const rowsOf = prepareRows(database);
  let sortedIds: readonly string[] | undefined;

  function end(): void {
    if (database.isOpen && database.isTransaction) database.exec('COMMIT');
  }

  async function* inTurns(groupId: string, groupKey: number): AsyncGenerator<ContentsRow, undefined> {
    const rows = rowsOf(groupId, groupKey);
    try {
      for (let count = 1; ; count += 1) {
        const next = guarded(() => rows.next());
        if (next.done) return undefined;
        yield next.value;
        if (count % rowsPerTurn === 0) await yieldToOthers();
      }
    } finally {
      rows.return(undefined);
      end();
    }
  }

  return {
    async groupIds(after, limit) {
      // SQLite orders text by code points, which is another order for some.
      sortedIds ??= guarded(() => allIds.all().map(([groupId]) => groupId)).toSorted();
      const start = after === undefined ? 0 : sortedIds.findIndex((groupId) => groupId > after);
      return start < 0 ? [] : sortedIds.slice(start, start + limit);
    },
    async group(groupId) {
      end();
      return guarded(() => {
        database.exec('BEGIN');
        const row = group.get(groupId);
        if (row === undefined) {
          end();
          return undefined;
        }
        const key = row[15];
        return { group: toStoredGroup(row as unknown as GroupColumns), rows: () => inTurns(groupId, key) };
      });
    },
    async close() {
      if (database.isOpen) database.close();
    },
  };
}

/** By kind and then by key, as text, whose order is that of its code points. */
function prepareRows(database: DatabaseSync): (groupId: string, groupKey: number) => Generator<ContentsRow, undefined> {
  const prepare = <Columns>(sql: string) => prepareQuery<Columns>(database, sql);
  const seq = `message_key % ${seqsPerGroup}`;
  const members = prepare<MemberColumns>(
    `SELECT ${from('m', memberColumns)} FROM members m WHERE m.group_key = ? ORDER BY m.user_id`,
  );
  const marks = prepare<readonly [string, number, number]>(
    `SELECT m.user_id, k.up_to, k.at FROM members m CROSS JOIN marks k ON k.member_key = m.member_key
     WHERE m.group_key = ? ORDER BY m.user_id, k.up_to`,
  );
  const within = 'WHERE message_key BETWEEN ? AND ? ORDER BY message_key';
  const messages = prepare<MessageColumns>(`${selectMessages} ${within}`);
  const reactions = prepare<readonly [number, string, string, number, number]>(
    `SELECT ${seq}, emoji, user_id, present, position FROM reactions ${within}, user_id, emoji`,
  );
  const counted = prepare<[number]>(`SELECT ${seq} FROM reaction_counts ${within}`);
  const reactionCounts = prepareReactionCounts(database);
  // Mentions go by person: those of a group are those of its messages.
  const mentioning = prepare<readonly [number, number, string]>(
    `SELECT ${seq}, sent_position, mentions FROM messages WHERE message_key BETWEEN ? AND ? AND mentions <> ''
     ORDER BY message_key`,
  );
  const mention = prepare<[number]>('SELECT position FROM mentions WHERE user_id = ? AND position = ?');
  const mentionsOfAll = prepare<readonly [string, number, number]>(
    `SELECT p.author_id, a.seq, a.position FROM mentions_of_all a
       CROSS JOIN messages p ON p.message_key = a.group_key * ${seqsPerGroup} + a.seq
     WHERE a.group_key = ? ORDER BY a.position`,
  );
  const commands = prepare<readonly [string, string, string, string | null, number]>(
    `SELECT actor_id, command_id, digest, added_up_to, position FROM commands WHERE group_key = ?
     ORDER BY actor_id, command_id`,
  );

  return function* rowsOf(groupId, groupKey) {
    const range = [messageKeyOf(groupKey, 0), messageKeyOf(groupKey, seqsPerGroup - 1)];
    for (const [actorId, commandId, digest, addedUpTo, position] of commands.iterate(groupKey)) {
      const row = { actorId, commandId, digest, addedUpTo, position };
      yield { kind: 'command', key: `${actorId} ${commandId}`, row };
    }
    for (const [userId, upTo, at] of marks.iterate(groupKey)) {
      yield { kind: 'mark', key: `${userId} ${padded(upTo)}`, row: { userId, upTo, at: new Date(at).toISOString() } };
    }
    for (const columns of members.iterate(groupKey)) {
      const row = toStoredMember(groupId, columns);
      yield { kind: 'member', key: row.userId, row };
    }
    for (const [seq, sentPosition, userIds] of mentioning.iterate(...range)) {
      for (const userId of new Set(userIds.split(' ').sort())) {
        for (const [position] of mention.all(userId, sentPosition)) {
          yield { kind: 'mention', key: `${padded(seq)} ${userId}`, row: { userId, seq, position } };
        }
      }
    }
    for (const [authorId, seq, position] of mentionsOfAll.iterate(groupKey)) {
      yield { kind: 'mentionOfAll', key: padded(seq), row: { authorId, seq, position } };
    }
    for (const columns of messages.iterate(...range)) {
      const row = toStoredMessage(columns);
      yield { kind: 'message', key: padded(row.seq), row };
    }
    for (const [seq, emoji, userId, present, position] of reactions.iterate(...range)) {
      const row = { groupId, seq, emoji, userId, present: present === 1, position };
      yield { kind: 'reaction', key: `${padded(seq)} ${userId} ${emoji}`, row };
    }
    for (const [seq] of counted.iterate(...range)) {
      for (const row of reactionCounts(groupId, seq, messageKeyOf(groupKey, seq))) {
        yield { kind: 'reactionCounts', key: padded(seq), row };
      }
    }
    return undefined;
  };
}

/** The order of numbers is that of their text then. */
const padded = (seq: number): string => String(seq).padStart(9, '0');
