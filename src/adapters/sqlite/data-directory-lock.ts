import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sqliteCode } from './log-file.ts';

/** Somebody else has the data directory: this process may not touch what is in it. */
export class DataDirectoryLocked extends Error {
  override readonly name = 'DataDirectoryLocked';
}

/** The directory cannot be had for oneself, though nobody else has it: it cannot be made, or not be written. */
export class DataDirectoryUnusable extends Error {
  override readonly name = 'DataDirectoryUnusable';
}

export interface DataDirectoryLock {
  /** Lets the next one have it. May be called again. */
  release(): void;
}

/**
 * What is locked, until it is released. A database that nothing refers to is closed by the garbage collector, and its lock
 * would go with it, unnoticed, while its taker still works on the directory.
 */
const heldDatabases = new Set<DatabaseSync>();

/**
 * Takes the directory for this process alone, creating it where it is missing. The operating system frees the lock with
 * the process, however it ends: what holds it is SQLite's exclusive file lock on a file that stays empty. Nothing else
 * may open that file: closing a second descriptor in this process would drop the lock.
 *
 * Throws DataDirectoryLocked or DataDirectoryUnusable, at once and without waiting.
 */
export function lockDataDirectory(directory: string): DataDirectoryLock {
  const pidFile = join(directory, 'lock.pid');
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(directory, { recursive: true });
    database = new DatabaseSync(join(directory, 'lock'), { timeout: 0 });
    lockAlone(database);
    writeFileSync(pidFile, `${process.pid}\n`);
  } catch (error) {
    database?.close();
    // SQLITE_BUSY; anything else, such as a directory without write access, is not about somebody else.
    if (sqliteCode(error) === 5) throw lockedBy(livingHolder(pidFile), directory, error);
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataDirectoryUnusable(`the data directory ${resolve(directory)} cannot be locked: ${reason}`, {
      cause: error,
    });
  }
  const held = database;
  heldDatabases.add(held);
  return {
    release: () => {
      if (!held.isOpen) return;
      rmSync(pidFile, { force: true });
      held.close();
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

function lockedBy(holder: number | undefined, directory: string, cause: unknown): DataDirectoryLocked {
  const who = holder === undefined ? 'another process' : `process ${holder}`;
  return new DataDirectoryLocked(`the data directory ${resolve(directory)} is in use by ${who}`, { cause });
}

/** The process that the pid file names, unless the file is stale: the lock itself never depends on it. */
function livingHolder(pidFile: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10);
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    const isAlive = error instanceof Error && 'code' in error && error.code === 'EPERM';
    return isAlive ? Number.parseInt(readFileSync(pidFile, 'utf8'), 10) : undefined;
  }
}
