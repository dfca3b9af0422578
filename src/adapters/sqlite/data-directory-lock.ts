import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sqliteCode } from './log-file.ts';

/** Somebody else has the data directory: this process may not touch what is in it. */
export class DataDirectoryLocked extends Error {
  override readonly name = 'DataDirectoryLocked';
}

export interface DataDirectoryLock {
  /** Lets the next one have it. May be called again. */
  release(): void;
}

/**
 * Takes the directory for this process alone, creating it where it is missing. The operating system frees the lock with
 * the process, however it ends: what holds it is SQLite's exclusive file lock on a file that stays empty. Nothing else
 * may open that file: closing a second descriptor in this process would drop the lock.
 *
 * Throws DataDirectoryLocked, at once and without waiting.
 */
export function lockDataDirectory(directory: string): DataDirectoryLock {
  mkdirSync(directory, { recursive: true });
  const pidFile = join(directory, 'lock.pid');
  const database = new DatabaseSync(join(directory, 'lock'), { timeout: 0 });
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;');
  } catch (error) {
    database.close();
    // SQLITE_BUSY; anything else, such as a directory without write access, is not about a lock.
    if (sqliteCode(error) !== 5) throw error;
    const holder = livingHolder(pidFile);
    throw new DataDirectoryLocked(
      `the data directory ${resolve(directory)} is in use by ${holder === undefined ? 'another process' : `process ${holder}`}`,
      { cause: error },
    );
  }
  writeFileSync(pidFile, `${process.pid}\n`);
  return {
    release: () => {
      if (!database.isOpen) return;
      rmSync(pidFile, { force: true });
      database.close();
    },
  };
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
