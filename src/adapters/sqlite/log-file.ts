import { realpathSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { LogUnavailable } from '../../ports/event-log.ts';

/** Says "this SQLite file is a Highwater event log" in the file's own header: the letters HWLG. */
export const logApplicationId = 0x48574c47;
/** The form of the file that this code reads and writes. A file of an earlier one is brought forward when it is opened. */
export const logSchemaVersion = 2;

/** The file was written by a newer Highwater. It has not been touched. */
export class LogVersionUnsupported extends Error {
  override readonly name = 'LogVersionUnsupported';
}

/** The file is not an event log of ours. It has not been touched. */
export class ForeignLogFile extends Error {
  override readonly name = 'ForeignLogFile';
}

/**
 * There is no unique index on event ids: with ids in random order it would cut the insert speed by four, and a repeated
 * append is recognised by comparing the ids at its own place in the stream.
 */
const schema = `
  CREATE TABLE streams (stream_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    stream_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    type TEXT NOT NULL,
    data TEXT NOT NULL,
    metadata TEXT NOT NULL,
    recorded_at INTEGER NOT NULL DEFAULT 0,
    binary INTEGER NOT NULL DEFAULT 0,
    UNIQUE (stream_id, version)
  ) STRICT;
`;

/** Version 1 did not know when an event was recorded, nor events that are not JSON. Rows are left as they are. */
const fromVersion1 = `
  ALTER TABLE events ADD COLUMN recorded_at INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE events ADD COLUMN binary INTEGER NOT NULL DEFAULT 0;
`;

/**
 * Tells an event log from a file that may become one, without writing to it. Throws ForeignLogFile or
 * LogVersionUnsupported. It reads through SQLite and never through node:fs: closing a second descriptor of a file drops
 * the POSIX locks that SQLite holds on it in this process.
 */
export function inspectLogFile(file: string): 'fresh' | 'ours' {
  const status = statSync(file, { throwIfNoEntry: false });
  if (status === undefined || (status.isFile() && status.size === 0)) return 'fresh';
  let header: { applicationId: number; version: number; tables: number };
  try {
    const database = new DatabaseSync(file, { readOnly: true, timeout: 1_000 });
    try {
      header = {
        applicationId: readNumber(database, 'PRAGMA application_id'),
        version: readNumber(database, 'PRAGMA user_version'),
        tables: readNumber(database, 'SELECT count(*) FROM sqlite_schema'),
      };
    } finally {
      database.close();
    }
  } catch (error) {
    if (sqliteCode(error) === 26) throw new ForeignLogFile(`${file} is not a SQLite file`, { cause: error });
    throw new LogUnavailable(`${file} cannot be opened: ${String(error)}`, { cause: error });
  }
  const { applicationId, version, tables } = header;
  // What a crash leaves between switching to WAL and creating the tables, which happens in one transaction.
  if (applicationId === 0 && version === 0 && tables === 0) return 'fresh';
  if (applicationId !== logApplicationId) {
    throw new ForeignLogFile(`${file} is a SQLite file, but not an event log of Highwater's`);
  }
  if (version > logSchemaVersion) {
    throw new LogVersionUnsupported(
      `${file} has version ${version}; this Highwater knows event logs up to version ${logSchemaVersion}. Use the newer one.`,
    );
  }
  return 'ours';
}

/** The writing connection: durable at every commit, and the only one that changes the file. Creates what is missing. */
export function openLogForWriting(file: string, maximumPageCount: number | undefined): DatabaseSync {
  const state = inspectLogFile(file);
  const database = new DatabaseSync(file, { timeout: 2_000 });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  // On macOS a plain fsync does not reach the disk; elsewhere this changes nothing.
  database.exec('PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;');
  // 32 MiB of WAL between checkpoints: a page that many appends touch is then written back once.
  database.exec('PRAGMA wal_autocheckpoint = 8000; PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -32768;');
  if (state === 'fresh') {
    database.exec(
      `BEGIN IMMEDIATE; ${schema} PRAGMA application_id = ${logApplicationId}; PRAGMA user_version = ${logSchemaVersion}; COMMIT;`,
    );
  } else if (readNumber(database, 'PRAGMA user_version') === 1) {
    database.exec(`BEGIN IMMEDIATE; ${fromVersion1} PRAGMA user_version = ${logSchemaVersion}; COMMIT;`);
  }
  if (maximumPageCount !== undefined) database.exec(`PRAGMA max_page_count = ${maximumPageCount}`);
  return database;
}

/** Where the writer announces new positions to every thread of this process that follows the same file. */
export function positionsChannel(file: string): string {
  return `highwater-log:${realpathSync.native(file)}`;
}

export function readNumber(database: DatabaseSync, sql: string): number {
  return Number(Object.values(database.prepare(sql).get() ?? {})[0]);
}

/** SQLite's primary result code of an error that node:sqlite threw. */
export function sqliteCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : undefined;
}
