import type { DatabaseSync } from 'node:sqlite';
import type { Change } from '../../ports/changes.ts';
import type { Position, Version } from '../../ports/event-log.ts';
import { ReadModelsCorrupt, type ReadModelWriter } from '../../ports/read-models.ts';
import { createGroupRows } from './group-rows.ts';
import { createMessageRows } from './message-rows.ts';
import { guarded, openReadModelFile } from './read-model-file.ts';
import { fromRanges, prepareGroupSnapshot, prepareHaltedGroups, prepareQuery } from './read-model-rows.ts';

export { ReadModelsCorrupt };

/** Groups and members held in memory between transactions; past it, all are let go. */
const maximumKnownRows = 300_000;

/**
 * The one writing connection; it blocks its thread, so give it a thread of its own. Creates the file where it is missing
 * and begins anew where it cannot be used. Throws ReadModelsUnavailable.
 */
export function openSqliteReadModelWriter({ file }: { readonly file: string }): ReadModelWriter {
  const database = openReadModelFile(file);
  const apply = createBatchWriter(database);
  const checkpoint = prepareQuery<[Position]>(database, 'SELECT checkpoint FROM progress');
  const storeCounts = database.prepare(
    `INSERT INTO read_counts SELECT group_key, ?, ? FROM groups WHERE group_id = ? ON CONFLICT DO UPDATE
     SET position = excluded.position, ranges = excluded.ranges WHERE excluded.position >= position`,
  );
  const snapshot = prepareGroupSnapshot(database);
  const toCount = prepareQuery<[string]>(
    database,
    `SELECT g.group_id FROM groups g LEFT JOIN read_counts c ON c.group_key = g.group_key
     WHERE g.group_id > ? AND g.created_at IS NOT NULL AND g.counts_position > ifnull(c.position, -1)
     ORDER BY g.group_id LIMIT ?`,
  );
  const halted = prepareHaltedGroups(database);
  const end = prepareQuery<[Version, Version, number]>(
    database,
    'SELECT version, reads_version, last_seq FROM groups WHERE group_id = ?',
  );

  return {
    checkpoint: async () => guarded(() => checkpoint.get()?.[0] ?? corrupt()),
    apply: async (changes, upTo) => guarded(() => apply(changes, upTo)),
    storeReadCounts: async (groupId, position, ranges) => {
      guarded(() => storeCounts.run(position, fromRanges(ranges), groupId));
    },
    groupSnapshot: async (groupId) => guarded(() => snapshot(groupId)),
    groupEnds: async (groupIds) =>
      guarded(() =>
        groupIds.flatMap((groupId) =>
          end.all(groupId).map(([version, readsVersion, lastSeq]) => ({ groupId, version, readsVersion, lastSeq })),
        ),
      ),
    groupsToCount: async (after, limit) => guarded(() => toCount.all(after ?? '', limit).map(([groupId]) => groupId)),
    haltedGroups: async () => guarded(halted),
    close: async () => {
      if (database.isOpen) database.close();
    },
  };
}

function corrupt(): never {
  throw new ReadModelsCorrupt('the read models do not say how far they are');
}

/** One transaction a batch, with the checkpoint in it. Changed rows are held back and written once, in the order of keys. */
function createBatchWriter(database: DatabaseSync): (changes: readonly Change[], checkpoint: Position) => void {
  const groups = createGroupRows(database);
  const messages = createMessageRows(database);
  const halt = database.prepare(
    `INSERT INTO halted_groups VALUES (?, ?, ?) ON CONFLICT DO UPDATE
     SET position = excluded.position, reason = excluded.reason WHERE excluded.position > position`,
  );
  const resume = database.prepare('DELETE FROM halted_groups WHERE group_id = ? AND position <= ?');
  const advance = database.prepare('UPDATE progress SET checkpoint = max(checkpoint, ?)');
  const putCommand = database.prepare(
    `INSERT INTO commands VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
     SET digest = excluded.digest, added_up_to = excluded.added_up_to, position = excluded.position
     WHERE excluded.position > position`,
  );
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const dataVersion = prepareQuery<[number]>(database, 'PRAGMA data_version');
  let knownDataVersion: number | undefined;

  /** Forgets what is known once another connection has written. */
  function refresh(): void {
    const current = dataVersion.get()?.[0];
    if (current !== knownDataVersion || groups.size() > maximumKnownRows) groups.forget();
    knownDataVersion = current;
  }

  function applyChange(change: Change): void {
    if (change.type === 'haltGroup') {
      halt.run(change.groupId, change.position, change.reason);
      return;
    }
    if (change.type === 'resumeGroup') {
      resume.run(change.groupId, change.position);
      return;
    }
    const group = groups.find(change.groupId);
    switch (change.type) {
      case 'putGroup':
      case 'renameGroup':
      case 'setMemberCount':
      case 'advanceGroup':
        groups.changeGroup(group, change);
        break;
      case 'putMember':
      case 'endMembership':
      case 'setRole':
      case 'setMemberName':
        groups.changeMember(group, change);
        break;
      case 'advanceMark':
        groups.advanceMark(group, change);
        break;
      case 'putMessage':
        messages.put(group, change);
        break;
      case 'editMessage':
      case 'deleteMessage':
        messages.change(group, change);
        break;
      case 'putReaction':
      case 'removeReaction':
        messages.react(group, change);
        break;
      case 'putMention':
        messages.mention(group, change);
        break;
      case 'putMentionOfAll':
        messages.mentionAll(group, change);
        break;
      case 'putCommand': {
        const { actorId, commandId, digest, addedUpTo, position } = change;
        putCommand.run(group.key, actorId, commandId, digest, addedUpTo, position);
        break;
      }
      default:
        change satisfies never;
    }
  }

  return (changes, checkpoint) => {
    begin.run();
    try {
      refresh();
      for (const change of changes) applyChange(change);
      groups.flush();
      messages.flush();
      advance.run(checkpoint);
      commit.run();
    } catch (error) {
      groups.forget();
      messages.forget();
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };
}
