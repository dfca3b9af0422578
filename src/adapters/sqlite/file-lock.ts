import { DatabaseSync } from 'node:sqlite';
import { sqliteCode } from './log-file.ts';

export interface FileLock {
  /** Lets the next one have it. May be called again. */
  release(): void;
}

/**
 * What is locked, until it is released. A database that nothing refers to is closed by the garbage collector, and its lock
 * would go with it, unnoticed, while its taker still works on what it stands for.
 */
const heldDatabases = new Set<DatabaseSync>();

/**
 * Takes the file for this one alone, among processes and threads, creating it where it is missing. The operating system
 * frees the lock with the process, however it ends: what holds it is SQLite's exclusive file lock on a file that stays
 * empty. Nothing but SQLite may open that file: closing a second descriptor in this process would drop the lock.
 *
 * Undefined, at once and without waiting, where somebody else has it. Throws SQLite's error where it cannot be had at all.
 */
export function tryLockFile(file: string): FileLock | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { timeout: 0 });
    lockAlone(database);
  } catch (error) {
    database?.close();
    // SQLITE_BUSY; anything else, such as a directory without write access, is not about somebody else.
    if (sqliteCode(error) === 5) return undefined;
    throw error;
  }
  const held = database;
  heldDatabases.add(held);
  return {
    release: () => {
      if (held.isOpen) held.close();
      heldDatabases.delete(held);
    },
  };
}

/**
 * On a file that this user may only read, BEGIN EXCLUSIVE succeeds and locks nothing. So something is written as well,
 * which fails there; it stays in memory and is never committed.
 */
function lockAlone(database: DatabaseSync): void {
  database.exec(
    'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE; PRAGMA user_version = 1;',
  );
}
