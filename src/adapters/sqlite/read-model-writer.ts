import { LeaseLost, ReadModelsCorrupt } from '../../ports/read-models.ts';
import type { ChangedGroup, Checkpoint, ReadModelWriter, StoredReadCounts } from '../../ports/row-store.ts';
import { guarded, openForWriting } from './read-model-file.ts';
import {
  fromRanges,
  prepareCheckpoint,
  prepareGroupSnapshot,
  prepareHaltedGroups,
  prepareQuery,
} from './read-model-rows.ts';
import { createRowKeys } from './row-keys.ts';
import { prepareRowLoads } from './row-loads.ts';
import { prepareRowWrites } from './row-writes.ts';
import { watchSameFiles } from './same-files.ts';

/**
 * The writing connection to read models that are there. It blocks its thread, so give it a thread of its own; that it is
 * the only one is for its caller to see to. One commit is one transaction, with the checkpoint in it. Throws BuildGone,
 * ReadModelsCorrupt and ReadModelsUnavailable.
 */
export function openSqliteReadModelWriter({ file }: { readonly file: string }): ReadModelWriter {
  const otherFile = watchSameFiles([file, `${file}-wal`]);
  otherFile();
  const database = openForWriting(file);
  const keys = createRowKeys(database);
  const loads = prepareRowLoads(database, keys);
  const writeRows = prepareRowWrites(database, keys);
  const checkpoint = prepareCheckpoint(database);
  const [begin, commit] = [database.prepare('BEGIN IMMEDIATE'), database.prepare('COMMIT')];
  const advance = database.prepare(
    'UPDATE progress SET checkpoint = ?1, stream_name = ?2, version = ?3, event_id = ?4 WHERE checkpoint <= ?1',
  );
  const storeCounts = database.prepare(
    `INSERT INTO read_counts SELECT group_key, ?, ? FROM groups WHERE group_id = ? ON CONFLICT DO UPDATE
     SET position = excluded.position, ranges = excluded.ranges WHERE excluded.position >= position`,
  );
  const toCount = prepareQuery<[string, number]>(
    database,
    `SELECT g.group_id, g.member_count FROM groups g LEFT JOIN read_counts c ON c.group_key = g.group_key
     WHERE g.group_id > ? AND g.created_at IS NOT NULL AND g.counts_position > ifnull(c.position, -1)
     ORDER BY g.group_id LIMIT ?`,
  );
  const snapshot = prepareGroupSnapshot(database);
  const halted = prepareHaltedGroups(database);

  function requireSameFile(): void {
    const gone = otherFile();
    if (gone !== undefined) throw new LeaseLost(`${gone} was removed or replaced`);
  }

  /** What is written to a file that stands no longer is gone with this process, and harms nobody. */
  function inTransaction(write: () => void): void {
    guarded(() => {
      begin.run();
      try {
        write();
        commit.run();
      } catch (error) {
        keys.forget();
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    });
    requireSameFile();
  }

  function commitBatch(groups: readonly ChangedGroup[], { position, event }: Checkpoint): void {
    keys.trim();
    writeRows(groups);
    advance.run(position, event?.streamName ?? null, event?.version ?? null, event?.eventId ?? null);
  }

  function storeAll(counts: readonly StoredReadCounts[]): void {
    for (const { groupId, position, ranges } of counts) storeCounts.run(position, fromRanges(ranges), groupId);
  }

  requireSameFile();
  return {
    checkpoint: async () => guarded(() => checkpoint() ?? corrupt()),
    loadGroups: async (groupIds) => guarded(() => loads.groups(groupIds)),
    loadRows: async (wanted) => guarded(() => loads.rows(wanted)),
    commit: async (groups, upTo) => inTransaction(() => commitBatch(groups, upTo)),
    haltedGroups: async () => guarded(halted),
    groupsToCount: async (after, limit) =>
      guarded(() => toCount.all(after ?? '', limit).map(([groupId, memberCount]) => ({ groupId, memberCount }))),
    groupSnapshots: async (groupIds) => guarded(() => groupIds.flatMap((groupId) => snapshot(groupId) ?? [])),
    storeReadCounts: async (counts) => inTransaction(() => storeAll(counts)),
    close: async () => {
      if (database.isOpen) database.close();
    },
  };
}

function corrupt(): never {
  throw new ReadModelsCorrupt('the read models do not say how far they are');
}
