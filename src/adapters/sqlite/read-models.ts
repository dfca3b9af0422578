import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { Position } from '../../ports/event-log.ts';
import type { GroupSnapshot } from '../../ports/group-snapshots.ts';
import { ReadModelsCorrupt, ReadModelsUnavailable } from '../../ports/read-model-faults.ts';
import type { ReadModels } from '../../ports/read-models.ts';
import { prepareListQueries } from './list-queries.ts';
import { prepareMessageQueries } from './message-queries.ts';
import { guarded, openForMoments, openForReading, seqsPerGroup } from './read-model-file.ts';
import {
  from,
  type GroupColumns,
  groupColumns,
  inOneSnapshot,
  isWithin,
  type MemberColumns,
  memberColumns,
  prepareCheckpoint,
  prepareGroupSnapshot,
  prepareHaltedGroups,
  prepareQuery,
  type Query,
  toGroupRow,
  toMemberRow,
  toStays,
} from './read-model-rows.ts';
import { createReadMoments, type MomentLimits } from './read-moments.ts';
import { searchInTurns } from './search-in-turns.ts';

export interface SqliteReadModelsOptions {
  readonly file: string;
  /** Other than the usual ones only in tests. */
  readonly momentLimits?: Partial<MomentLimits>;
}

/**
 * Queries on a connection that cannot write. Each takes microseconds, so they run in the thread that asks; snapshots of
 * groups, which grow with their members, take turns with everything else that the thread does. It holds on to the file
 * that stands there now: where that is removed, all of it is answered from until this is closed. Throws BuildGone,
 * ReadModelsCorrupt and ReadModelsUnavailable.
 */
export function openSqliteReadModels({ file, momentLimits: limits = {} }: SqliteReadModelsOptions): ReadModels {
  const database = openForReading(file);
  const queries = prepareQueries(database);

  function reading<T>(read: (queries: Queries) => T): T {
    if (!database.isOpen) throw new ReadModelsUnavailable('the read models are closed');
    return guarded(() => read(queries));
  }

  /** One a turn of the event loop: a page of an inbox may need those of many large groups at once. */
  let turn: Promise<unknown> = Promise.resolve();
  function inTurn(read: () => GroupSnapshot | undefined): Promise<GroupSnapshot | undefined> {
    const snapshot = turn.then(() => yieldToOthers()).then(read);
    turn = snapshot.catch(() => {});
    return snapshot;
  }

  function openMoment() {
    const connection = openForMoments(file);
    return { database: connection, queries: prepareQueries(connection) };
  }
  const moments = createReadMoments({ open: openMoment, inTurn, file, limits });

  return {
    checkpoint: async () => reading((query) => query.checkpoint()),
    groups: async (groupIds) => reading((query) => query.groups(groupIds)),
    groupSnapshot: (groupId) => inTurn(() => reading((query) => query.groupSnapshot(groupId))),
    members: async (groupId, userIds) => reading((query) => query.members(groupId, userIds)),
    membersPage: async (groupId, range) => reading((query) => query.membersPage(groupId, range)),
    inboxPage: async (userId, before, limit) => reading((query) => query.inboxPage(userId, before, limit)),
    timelinePage: async (groupId, range) => reading((query) => query.timelinePage(groupId, range)),
    messages: async (groupId, messageIds) => reading((query) => query.messages(groupId, messageIds)),
    acceptedCommands: async (groupId, keys) => reading((query) => query.acceptedCommands(groupId, keys)),
    reactionCounts: async (keys) => reading((query) => query.reactionCounts(keys)),
    reactions: async (keys) => reading((query) => query.reactions(keys)),
    mentionsPage: async (userId, before, limit) => reading((query) => query.mentionsPage(userId, before, limit)),
    search: searchInTurns(queries.searched, (read) => reading(read)),
    readersPage: async (key, at, after, limit) => reading((query) => query.readersPage(key, at, after, limit)),
    messagesBySeq: async (keys) => reading((query) => query.messagesBySeq(keys)),
    membersByName: async (groupId, prefix, after, limit) =>
      reading((query) => query.membersByName(groupId, prefix, after, limit)),
    unreadGroups: async (userId) => reading((query) => query.unreadGroups(userId)),
    mentionCounts: async (userId, after, limit) => reading((query) => query.mentionCounts(userId, after, limit)),
    reactionMembers: async (reactions, limit) => reading((query) => query.reactionMembers(reactions, limit)),
    ownReactions: async (userId, reactions) => reading((query) => query.ownReactions(userId, reactions)),
    haltedGroups: async () => reading((query) => query.haltedGroups()),
    moment: moments.moment,
    close: async () => {
      moments.close();
      if (database.isOpen) database.close();
    },
  };
}

/** The port's queries without waiting. */
type Queries = {
  readonly [Name in Exclude<keyof ReadModels, 'close' | 'moment' | 'search'>]: (
    ...values: Parameters<ReadModels[Name]>
  ) => Awaited<ReturnType<ReadModels[Name]>>;
} & Pick<ReturnType<typeof prepareMessageQueries>, 'searched'>;

function prepareQueries(database: DatabaseSync): Queries {
  const checkpoint = prepareCheckpoint(database);
  return {
    checkpoint() {
      const found = checkpoint();
      if (found === undefined) throw new ReadModelsCorrupt('the read models do not say how far they are');
      return found.position;
    },
    groupSnapshot: prepareGroupSnapshot(database),
    haltedGroups: prepareHaltedGroups(database),
    acceptedCommands: prepareAcceptedCommands(database),
    ...preparePeopleQueries(database),
    ...prepareMessageQueries(database),
    ...prepareListQueries(database),
  };
}

function prepareAcceptedCommands(database: DatabaseSync): Queries['acceptedCommands'] {
  const command = prepareQuery<readonly [string, string | null, Position]>(
    database,
    `SELECT c.digest, c.added_up_to, c.position FROM groups g CROSS JOIN commands c ON c.group_key = g.group_key
     WHERE g.group_id = ? AND c.actor_id = ? AND c.command_id = ?`,
  );
  return (groupId, keys) =>
    inOneSnapshot(database, () =>
      keys.flatMap(({ actorId, commandId }) =>
        command.all(groupId, actorId, commandId).map(([digest, addedUpTo, position]) => {
          return { groupId, actorId, commandId, digest, addedUpTo, position };
        }),
      ),
    );
}

/** An id holds printable characters only, and this is none. */
const afterAnyId = '\u{10FFFF}';

function preparePeopleQueries(database: DatabaseSync) {
  const group = prepareQuery<GroupColumns>(
    database,
    `SELECT ${from('g', groupColumns)} FROM groups g WHERE g.group_id = ? AND g.created_at IS NOT NULL`,
  );
  const memberTables = 'groups g CROSS JOIN members m ON m.group_key = g.group_key';
  const pageIn = (order: 'ASC' | 'DESC'): Query<MemberColumns> =>
    prepareQuery(
      database,
      `SELECT ${from('m', memberColumns)} FROM ${memberTables}
       WHERE g.group_id = ? AND m.user_id > ? AND m.user_id < ? AND m.active = 1 ORDER BY m.user_id ${order} LIMIT ?`,
    );
  const [firstPage, lastPage] = [pageIn('ASC'), pageIn('DESC')];
  const member = prepareQuery<MemberColumns>(
    database,
    `SELECT ${from('m', memberColumns)} FROM ${memberTables} WHERE g.group_id = ? AND m.user_id = ?`,
  );
  const inbox = prepareQuery<readonly [...GroupColumns, ...MemberColumns]>(
    database,
    `SELECT ${from('g', groupColumns)}, ${from('m', memberColumns)}
     FROM members m CROSS JOIN groups g ON g.group_key = m.group_key
     WHERE m.user_id = ? AND m.active = 1 AND g.created_at IS NOT NULL AND g.activity_position < ?
     ORDER BY g.activity_position DESC LIMIT ?`,
  );
  return {
    groups: (groupIds) =>
      inOneSnapshot(database, () => groupIds.flatMap((groupId) => group.all(groupId).map(toGroupRow))),
    membersPage(groupId, { after = '', before = afterAnyId, limit, last }) {
      const rows = (last ? lastPage : firstPage).all(groupId, after, before, limit);
      return (last ? rows.reverse() : rows).map((row) => toMemberRow(groupId, row));
    },
    members: (groupId, userIds) =>
      inOneSnapshot(database, () =>
        userIds.flatMap((userId) => member.all(groupId, userId).map((row) => toMemberRow(groupId, row))),
      ),
    inboxPage: (userId, before, limit) =>
      inbox.all(userId, before ?? Number.MAX_SAFE_INTEGER, limit).map((row) => {
        const groupRow = toGroupRow(row as unknown as GroupColumns);
        const memberRow = toMemberRow(groupRow.groupId, row.slice(groupColumns.length) as unknown as MemberColumns);
        return { group: groupRow, member: memberRow, activityPosition: row[8] };
      }),
    readersPage: prepareReadersPage(database),
  } satisfies Partial<Queries>;
}

/**
 * - Readers are members with a stay that holds the message and a mark that has reached it, whether they have left since
 *   or not; never its author.
 * - They read it at the moment of their first mark at or beyond it.
 */
function prepareReadersPage(database: DatabaseSync): Queries['readersPage'] {
  const candidates = prepareQuery<readonly [string, string, number | null]>(
    database,
    `SELECT m.user_id, m.stays,
       (SELECT at FROM marks k WHERE k.member_key = m.member_key AND k.up_to >= ?1 ORDER BY k.up_to LIMIT 1) AS read_at
     FROM groups g CROSS JOIN messages p ON p.message_key = g.group_key * ${seqsPerGroup} + ?1
       CROSS JOIN members m ON m.group_key = g.group_key
     WHERE g.group_id = ?2 AND m.user_id > ?3 AND m.marked_up_to >= ?1 AND m.user_id <> p.author_id
       AND (read_at IS NULL OR read_at <= ?4)
     ORDER BY m.user_id`,
  );
  return ({ groupId, seq }, at, afterUserId, limit) => {
    const until = at === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(at);
    const readers: { userId: string; readAt: string }[] = [];
    if (limit < 1) return readers;
    for (const [userId, stays, readAt] of candidates.iterate(seq, groupId, afterUserId ?? '', until)) {
      if (readAt === null) throw new ReadModelsCorrupt(`the marks of ${userId} in group ${groupId} are missing`);
      if (!isWithin(toStays(stays), seq)) continue;
      readers.push({ userId, readAt: new Date(readAt).toISOString() });
      // Leaving the loop resets the statement.
      if (readers.length === limit) break;
    }
    return readers;
  };
}
