import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type FileLock, tryLockFile } from './file-lock.ts';

/** Somebody else has the data directory: this process may not touch what is in it. */
export class DataDirectoryLocked extends Error {
  override readonly name = 'DataDirectoryLocked';
}

/** The directory cannot be had for oneself, though nobody else has it: it cannot be made, or not be written. */
export class DataDirectoryUnusable extends Error {
  override readonly name = 'DataDirectoryUnusable';
}

export type DataDirectoryLock = FileLock;

/**
 * Takes the directory for this process alone, creating it where it is missing, until it is released or the process ends.
 *
 * Throws DataDirectoryLocked or DataDirectoryUnusable, at once and without waiting.
 */
export function lockDataDirectory(directory: string): DataDirectoryLock {
  const pidFile = join(directory, 'lock.pid');
  let lock: FileLock | undefined;
  try {
    mkdirSync(directory, { recursive: true });
    lock = tryLockFile(join(directory, 'lock'));
    if (lock !== undefined) writeFileSync(pidFile, `${process.pid}\n`);
  } catch (error) {
    lock?.release();
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataDirectoryUnusable(`the data directory ${resolve(directory)} cannot be locked: ${reason}`, {
      cause: error,
    });
  }
  if (lock === undefined) throw lockedBy(livingHolder(pidFile), directory);
  const held = lock;
  let isHeld = true;
  return {
    release: () => {
      // Only while it is held: afterwards the file names whoever has it next.
      if (isHeld) rmSync(pidFile, { force: true });
      isHeld = false;
      held.release();
    },
  };
}

function lockedBy(holder: number | undefined, directory: string): DataDirectoryLocked {
  const who = holder === undefined ? 'another process' : `process ${holder}`;
  return new DataDirectoryLocked(`the data directory ${resolve(directory)} is in use by ${who}`);
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
