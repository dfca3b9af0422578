import { DatabaseSync } from 'node:sqlite';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { Position } from '../../ports/event-log.ts';
import type { GroupSnapshot } from '../../ports/group-snapshots.ts';
import { ReadModelsCorrupt, ReadModelsUnavailable } from '../../ports/read-model-faults.ts';
import type { ReadModels } from '../../ports/read-models.ts';
import { prepareMessageQueries } from './message-queries.ts';
import { guarded, seqsPerGroup } from './read-model-file.ts';
import {
  groupColumns,
  inOneSnapshot,
  isWithin,
  memberColumns,
  prepareGroupSnapshot,
  prepareHaltedGroups,
  prepareQuery,
  type StoredGroup,
  type StoredMember,
  toGroupRow,
  toMemberRow,
  toStays,
} from './read-model-rows.ts';

/** The read models of this process, with the means to follow them into a file that was built anew. */
export interface SqliteReadModels extends ReadModels {
  /** Lets go of a file that was thrown away: the next query opens the one that stands in its place. Never throws. */
  reopen(): void;
}

export interface SqliteReadModelsOptions {
  readonly file: string;
  /** Told, at every such query, that one has met damage. The writer may never touch what is damaged. */
  readonly onDamage?: (reason: string) => void;
}

/**
 * Queries on a connection that cannot write. Each takes microseconds, so they run in the thread that asks; snapshots of
 * groups, which grow with their members, take turns with everything else that the thread does. The writer must have been
 * opened before: the file is not created here. Throws ReadModelsUnavailable.
 *
 * A file that cannot be opened again is tried at every query, which is told ReadModelsUnavailable until it can be.
 */
export function openSqliteReadModels({ file, onDamage = () => {} }: SqliteReadModelsOptions): SqliteReadModels {
  let opened: Opened | undefined = openForReading(file);
  let closed = false;

  /** To a reader, damage passes as well: whoever is told of it builds the file anew. */
  function reading<T>(read: (queries: Queries) => T): T {
    if (closed) throw new ReadModelsUnavailable('the read models are closed');
    opened ??= openForReading(file);
    const { queries } = opened;
    try {
      return guarded(() => read(queries));
    } catch (error) {
      if (!(error instanceof ReadModelsCorrupt)) throw error;
      onDamage(error.message);
      throw new ReadModelsUnavailable(error.message, { cause: error });
    }
  }

  /** One a turn of the event loop: a page of an inbox may need those of many large groups at once. */
  let turn: Promise<unknown> = Promise.resolve();
  function snapshotInTurn(groupId: string): Promise<GroupSnapshot | undefined> {
    const snapshot = turn.then(() => yieldToOthers()).then(() => reading((query) => query.groupSnapshot(groupId)));
    turn = snapshot.catch(() => {});
    return snapshot;
  }

  function letGo(): void {
    opened?.database.close();
    opened = undefined;
  }

  return {
    checkpoint: async () => reading((query) => query.checkpoint()),
    groups: async (groupIds) => reading((query) => query.groups(groupIds)),
    groupSnapshot: snapshotInTurn,
    membersPage: async (groupId, after, limit) => reading((query) => query.membersPage(groupId, after, limit)),
    inboxPage: async (userId, before, limit) => reading((query) => query.inboxPage(userId, before, limit)),
    timelinePage: async (groupId, range) => reading((query) => query.timelinePage(groupId, range)),
    messages: async (groupId, messageIds) => reading((query) => query.messages(groupId, messageIds)),
    acceptedCommands: async (groupId, keys) => reading((query) => query.acceptedCommands(groupId, keys)),
    reactionCounts: async (keys) => reading((query) => query.reactionCounts(keys)),
    reactions: async (keys) => reading((query) => query.reactions(keys)),
    mentionsPage: async (userId, before, limit) => reading((query) => query.mentionsPage(userId, before, limit)),
    search: async (groupId, text, before, limit) => reading((query) => query.search(groupId, text, before, limit)),
    readersPage: async (key, at, after, limit) => reading((query) => query.readersPage(key, at, after, limit)),
    haltedGroups: async () => reading((query) => query.haltedGroups()),
    reopen: letGo,
    close: async () => {
      closed = true;
      letGo();
    },
  };
}

interface Opened {
  readonly database: DatabaseSync;
  readonly queries: Queries;
}

function openForReading(file: string): Opened {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: true, timeout: 1_000 });
    database.exec('PRAGMA cache_size = -65536; PRAGMA mmap_size = 1073741824;');
    return { database, queries: prepareQueries(database) };
  } catch (error) {
    database?.close();
    throw new ReadModelsUnavailable(`${file} cannot be opened for reading: ${String(error)}`, { cause: error });
  }
}

/** The port's queries without waiting. */
type Queries = {
  readonly [Name in Exclude<keyof ReadModels, 'close'>]: (
    ...values: Parameters<ReadModels[Name]>
  ) => Awaited<ReturnType<ReadModels[Name]>>;
};

function prepareQueries(database: DatabaseSync): Queries {
  const checkpoint = prepareQuery<[Position]>(database, 'SELECT checkpoint FROM progress');
  return {
    checkpoint() {
      const row = checkpoint.get();
      if (row === undefined) throw new ReadModelsUnavailable('the read models do not say how far they are');
      return row[0];
    },
    groupSnapshot: prepareGroupSnapshot(database),
    haltedGroups: prepareHaltedGroups(database),
    acceptedCommands: prepareAcceptedCommands(database),
    ...preparePeopleQueries(database),
    ...prepareMessageQueries(database),
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

function preparePeopleQueries(database: DatabaseSync) {
  const group = prepareQuery<StoredGroup>(
    database,
    `SELECT ${groupColumns} FROM groups g WHERE g.group_id = ? AND g.created_at IS NOT NULL`,
  );
  const memberTables = 'groups g CROSS JOIN members m ON m.group_key = g.group_key';
  const page = prepareQuery<StoredMember>(
    database,
    `SELECT ${memberColumns} FROM ${memberTables}
     WHERE g.group_id = ? AND m.user_id > ? AND m.active = 1 ORDER BY m.user_id LIMIT ?`,
  );
  const inbox = prepareQuery<readonly [...StoredGroup, ...StoredMember, Position]>(
    database,
    `SELECT ${groupColumns}, ${memberColumns}, g.activity_position
     FROM members m CROSS JOIN groups g ON g.group_key = m.group_key
     WHERE m.user_id = ? AND m.active = 1 AND g.created_at IS NOT NULL AND g.activity_position < ?
     ORDER BY g.activity_position DESC LIMIT ?`,
  );
  return {
    groups: (groupIds) =>
      inOneSnapshot(database, () => groupIds.flatMap((groupId) => group.all(groupId).map(toGroupRow))),
    membersPage: (groupId, afterUserId, limit) =>
      page.all(groupId, afterUserId ?? '', limit).map((row) => toMemberRow(groupId, row)),
    inboxPage: (userId, before, limit) =>
      inbox.all(userId, before ?? Number.MAX_SAFE_INTEGER, limit).map((row) => {
        const groupRow = toGroupRow(row.slice(0, 8) as unknown as StoredGroup);
        const memberRow = toMemberRow(groupRow.groupId, row.slice(8, 15) as unknown as StoredMember);
        return { group: groupRow, member: memberRow, activityPosition: row[15] };
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
  const candidates = prepareQuery<readonly [string, string, number]>(
    database,
    `SELECT m.user_id, m.stays,
       (SELECT at FROM marks k WHERE k.member_key = m.member_key AND k.up_to >= ?1 ORDER BY k.up_to LIMIT 1) AS read_at
     FROM groups g CROSS JOIN messages p ON p.message_key = g.group_key * ${seqsPerGroup} + ?1
       CROSS JOIN members m ON m.group_key = g.group_key
     WHERE g.group_id = ?2 AND m.user_id > ?3 AND m.marked_up_to >= ?1 AND m.user_id <> p.author_id AND read_at <= ?4
     ORDER BY m.user_id`,
  );
  return ({ groupId, seq }, at, afterUserId, limit) => {
    const until = at === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(at);
    const readers: { userId: string; readAt: string }[] = [];
    if (limit < 1) return readers;
    for (const [userId, stays, readAt] of candidates.iterate(seq, groupId, afterUserId ?? '', until)) {
      if (!isWithin(toStays(stays), seq)) continue;
      readers.push({ userId, readAt: new Date(readAt).toISOString() });
      // Leaving the loop resets the statement.
      if (readers.length === limit) break;
    }
    return readers;
  };
}
