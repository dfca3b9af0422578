import { accessSync, constants, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startRefused } from './start-refused.ts';

/** What is written by whoever runs on the directory. */
const writtenFiles = ['lock', 'lock.pid', 'log.db', 'log.db-wal', 'log.db-shm', 'read-models'];

export const filesOf = (dataDirectory: string) => ({
  log: join(dataDirectory, 'log.db'),
  /** A directory: a file for every build. */
  readModels: join(dataDirectory, 'read-models'),
  secret: join(dataDirectory, 'jwt-secret'),
});

/**
 * Makes the directory where it is missing, and sees to it that this user may write it and what is in it: SQLite opens a
 * file that it may not write for reading alone, without a word. Nothing is opened here, because closing a second
 * descriptor of a file drops the locks that SQLite holds on it. Throws StartRefused.
 */
export function prepareDataDirectory(dataDirectory: string): void {
  const directory = resolve(dataDirectory);
  const attempting = (attempt: string, run: () => void): void => {
    try {
      run();
    } catch (error) {
      throw startRefused(attempt, error);
    }
  };
  const { R_OK, W_OK, X_OK } = constants;
  attempting(`the data directory ${directory} cannot be made`, () => mkdirSync(directory, { recursive: true }));
  attempting(`the data directory ${directory} cannot be written`, () => accessSync(directory, R_OK | W_OK | X_OK));
  const { readModels } = filesOf(directory);
  const files = [
    ...writtenFiles.map((name) => join(directory, name)),
    ...(existsSync(readModels) ? readdirSync(readModels) : []).map((name) => join(readModels, name)),
  ];
  for (const file of files) {
    if (existsSync(file)) attempting(`${file} cannot be written`, () => accessSync(file, R_OK | W_OK));
  }
}
