import type { DatabaseSync } from 'node:sqlite';
import { LeaseLost } from '../../ports/read-models.ts';
import type { Checkpoint } from '../../ports/row-store.ts';
import { guarded, openForWriting } from './read-model-file.ts';
import { createRowKeys, type RowKeys } from './row-keys.ts';
import type { GroupValues } from './row-values.ts';
import { prepareRowWrites } from './row-writes.ts';
import { watchSameFiles } from './same-files.ts';

/** The writing connection to a build. It blocks its thread. */
export interface Commits {
  readonly database: DatabaseSync;
  readonly keys: RowKeys;
  /** A batch with its checkpoint, in one transaction. */
  commit(groups: readonly GroupValues[], checkpoint: Checkpoint): void;
  /** Throws LeaseLost, ReadModelsCorrupt, ReadModelsUnavailable, and what `write` does. */
  inTransaction(write: () => void): void;
  close(): void;
}

/** Opens read models that are there. Throws BuildGone, ReadModelsCorrupt and ReadModelsUnavailable. */
export function openCommits(file: string): Commits {
  const otherFile = watchSameFiles([file, `${file}-wal`]);
  otherFile();
  const database = openForWriting(file);
  const keys = createRowKeys(database);
  const writeRows = prepareRowWrites(database, keys);
  const [begin, commit] = [database.prepare('BEGIN IMMEDIATE'), database.prepare('COMMIT')];
  const advance = database.prepare(
    'UPDATE progress SET checkpoint = ?1, stream_name = ?2, version = ?3, event_id = ?4 WHERE checkpoint <= ?1',
  );

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

  requireSameFile();
  return {
    database,
    keys,
    inTransaction,
    commit: (groups, { position, event }) =>
      inTransaction(() => {
        keys.trim();
        writeRows(groups);
        advance.run(position, event?.streamName ?? null, event?.version ?? null, event?.eventId ?? null);
      }),
    close: () => {
      if (database.isOpen) database.close();
    },
  };
}
