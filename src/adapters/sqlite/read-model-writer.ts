import { ReadModelsCorrupt } from '../../ports/read-models.ts';
import type { ReadModelWriter, StoredReadCounts } from '../../ports/row-store.ts';
import { openFillingStore } from './filling-store.ts';
import { openCommits } from './open-commits.ts';
import { guarded } from './read-model-file.ts';
import {
  fromRanges,
  prepareCheckpoint,
  prepareGroupSnapshot,
  prepareHaltedGroups,
  prepareQuery,
} from './read-model-rows.ts';
import { prepareRowLoads } from './row-loads.ts';
import { valuesOf } from './row-values.ts';

/**
 * The writing connection to read models that are there. It blocks its thread, so give it a thread of its own; that it is
 * the only one is for its caller to see to. One commit is one transaction, with the checkpoint in it. Throws BuildGone,
 * ReadModelsCorrupt and ReadModelsUnavailable.
 */
export function openSqliteReadModelWriter({ file }: { readonly file: string }): ReadModelWriter {
  const commits = openCommits(file);
  const { database, keys, inTransaction } = commits;
  const loads = prepareRowLoads(database, keys);
  const checkpoint = prepareCheckpoint(database);
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

  function storeAll(counts: readonly StoredReadCounts[]): void {
    for (const { groupId, position, ranges } of counts) storeCounts.run(position, fromRanges(ranges), groupId);
  }

  return {
    checkpoint: async () => guarded(() => checkpoint() ?? corrupt()),
    loadGroups: async (groupIds) => guarded(() => loads.groups(groupIds)),
    loadRows: async (wanted) => guarded(() => loads.rows(wanted)),
    commit: async (groups, upTo) => commits.commit(groups.map(valuesOf), upTo),
    haltedGroups: async () => guarded(halted),
    groupsToCount: async (after, limit) =>
      guarded(() => toCount.all(after ?? '', limit).map(([groupId, memberCount]) => ({ groupId, memberCount }))),
    groupSnapshots: async (groupIds) => guarded(() => groupIds.flatMap((groupId) => snapshot(groupId) ?? [])),
    openForFilling: () => openFillingStore(file, keys.forget),
    storeReadCounts: async (counts) => inTransaction(() => storeAll(counts)),
    close: async () => commits.close(),
  };
}

function corrupt(): never {
  throw new ReadModelsCorrupt('the read models do not say how far they are');
}
