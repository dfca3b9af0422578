import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { maximumSeq } from '../../events/values.ts';
import { startOfLog } from '../../ports/event-log.ts';
import { BuildGone } from '../../ports/read-model-builds.ts';
import { ReadModelsCorrupt, ReadModelsUnavailable, ReadModelsUnwritable } from '../../ports/read-models.ts';
import { readNumber, sqliteCode } from './log-file.ts';
import { identityOf } from './same-files.ts';

/** "HWRM" in the file's header: Highwater's read models. */
const applicationId = 0x4857524d;
/** Raised whenever the tables or what is in them changes: a build of any other version is not gone on with. */
export const readModelSchemaVersion = 5;

/** A message's key is its group's key and its seq in one integer: 33 million groups of 268 million messages each. */
export const seqsPerGroup = maximumSeq + 1;

export function messageKeyOf(groupKey: number, seq: number): number {
  if (seq >= seqsPerGroup)
    throw new RangeError(`message ${seq}: a group holds fewer than ${seqsPerGroup} messages here`);
  return groupKey * seqsPerGroup + seq;
}

/**
 * - Rows carry small integers for groups and members, so that a mark is three numbers.
 * - Messages are their group's range of keys in one table: a timeline page is a scan of neighbours, and a search within
 *   a group is a range of the full-text index that skips every other group's hits.
 * - Names stand beside the members who are active, a row for each key by which they are completed.
 * - The words are indexed without a copy of the text and without places: whole words in any order need neither.
 */
const schema = `
  CREATE TABLE progress (
    only INTEGER PRIMARY KEY CHECK (only = 1), checkpoint INTEGER NOT NULL, stream_name TEXT, version INTEGER, event_id TEXT
  ) STRICT;
  INSERT INTO progress VALUES (1, ${startOfLog}, NULL, NULL, NULL);
  CREATE TABLE groups (
    group_key INTEGER PRIMARY KEY, group_id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, created_at TEXT,
    member_count INTEGER NOT NULL, last_seq INTEGER NOT NULL, last_message_at TEXT, version INTEGER NOT NULL,
    reads_version INTEGER NOT NULL, activity_position INTEGER NOT NULL, counts_position INTEGER NOT NULL,
    halted_at INTEGER, halt_reason TEXT, last_at TEXT, creation_hash TEXT, position INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX halted_groups ON groups (halted_at) WHERE halted_at IS NOT NULL;
  CREATE TABLE members (
    member_key INTEGER PRIMARY KEY, group_key INTEGER NOT NULL, user_id TEXT NOT NULL, name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member')), active INTEGER NOT NULL, joined_at TEXT NOT NULL,
    stays TEXT NOT NULL, marked_up_to INTEGER NOT NULL, position INTEGER NOT NULL, UNIQUE (group_key, user_id)
  ) STRICT;
  CREATE INDEX memberships ON members (user_id) WHERE active = 1;
  CREATE TABLE member_names (
    group_key INTEGER NOT NULL, name_key TEXT NOT NULL, user_id TEXT NOT NULL, PRIMARY KEY (group_key, name_key, user_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE marks (
    member_key INTEGER NOT NULL, up_to INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (member_key, up_to)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE messages (
    message_key INTEGER PRIMARY KEY, message_id TEXT NOT NULL, author_id TEXT NOT NULL, text TEXT, sent_at TEXT NOT NULL,
    edited_at TEXT, deleted_at TEXT, reply_to TEXT, mentions TEXT NOT NULL, mentions_all INTEGER NOT NULL,
    audience_count INTEGER NOT NULL, sent_position INTEGER NOT NULL, sent_hash TEXT, position INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX messages_by_id ON messages (message_id);
  CREATE VIRTUAL TABLE message_words USING fts5(words, content='', columnsize=0, detail=none, tokenize='ascii');
  INSERT INTO message_words (message_words, rank) VALUES ('hashsize', 16777216);
  CREATE TABLE reactions (
    message_key INTEGER NOT NULL, emoji TEXT NOT NULL, user_id TEXT NOT NULL, present INTEGER NOT NULL,
    position INTEGER NOT NULL, PRIMARY KEY (message_key, emoji, user_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE reaction_counts (message_key INTEGER PRIMARY KEY, counts TEXT NOT NULL, position INTEGER NOT NULL) STRICT;
  CREATE TABLE mentions (
    user_id TEXT NOT NULL, position INTEGER NOT NULL, message_key INTEGER NOT NULL, PRIMARY KEY (user_id, position)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX mentions_by_message ON mentions (user_id, message_key);
  CREATE TABLE mentions_of_all (
    group_key INTEGER NOT NULL, position INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (group_key, position),
    UNIQUE (group_key, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE commands (
    group_key INTEGER NOT NULL, actor_id TEXT NOT NULL, command_id TEXT NOT NULL, digest TEXT NOT NULL, added_up_to TEXT,
    position INTEGER NOT NULL, PRIMARY KEY (group_key, actor_id, command_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE read_counts (group_key INTEGER PRIMARY KEY, position INTEGER NOT NULL, ranges BLOB NOT NULL) STRICT;
`;

/** Makes a file of empty read models, which a crash of the machine may yet take back. Throws SQLite's errors. */
export function createReadModelFile(file: string): void {
  const database = new DatabaseSync(file);
  try {
    const header = `PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${readModelSchemaVersion};`;
    database.exec(`PRAGMA synchronous = OFF; PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; ${schema} ${header} COMMIT;`);
  } finally {
    database.close();
  }
}

/**
 * 16 MiB of WAL between checkpoints. Each is written back and synced at once, and on the same disk the log's own syncs wait
 * for it: measured 70 to 90 ms at the worst, where 64 MiB took 150. Less would write pages back that change again at once.
 */
const writingPragmas = `
  PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;
  PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -131072;
`;

/** Read models that are there; nothing is created. Throws BuildGone, ReadModelsCorrupt and ReadModelsUnavailable. */
export function openForWriting(file: string): DatabaseSync {
  // A mode of its own: SQLite would otherwise make the file that is missing.
  const existing = pathToFileURL(file);
  existing.searchParams.set('mode', 'rw');
  return open(file, () => new DatabaseSync(existing, { timeout: 5_000 }), writingPragmas);
}

/**
 * The same for a connection that cannot write. Never through a memory map: where the file was cut short or its disk cannot be
 * read, the system would end the process with SIGBUS; and after each commit of the writer the map is made anew.
 */
export function openForReading(file: string): DatabaseSync {
  return openReader(file, 65_536);
}

/** The same for one of several that answer as of a moment: what they read is thrown away with the next change anyway. */
export function openForMoments(file: string): DatabaseSync {
  return openReader(file, 4_096);
}

function openReader(file: string, cacheKibibytes: number): DatabaseSync {
  const pragmas = `PRAGMA cache_size = -${cacheKibibytes}; PRAGMA mmap_size = 0;`;
  return open(file, () => new DatabaseSync(file, { readOnly: true, timeout: 1_000 }), pragmas);
}

function open(file: string, connect: () => DatabaseSync, pragmas: string): DatabaseSync {
  const before = identityOf(file);
  if (before === undefined) throw new BuildGone(`${file} is not there`);
  let database: DatabaseSync | undefined;
  try {
    database = guarded(connect);
    const connection = database;
    if (!guarded(() => isOurs(connection))) {
      throw new ReadModelsCorrupt(`${file} is not a file of read models of version ${readModelSchemaVersion}`);
    }
    guarded(() => connection.exec(pragmas));
  } catch (error) {
    database?.close();
    if (!existsSync(file)) throw new BuildGone(`${file} is not there`, { cause: error });
    throw error;
  }
  // Its write-ahead log is opened by now. Whoever discards a file removes that after it: what is read holds all of both.
  if (identityOf(file) === before) return database;
  database.close();
  throw new BuildGone(`${file} is not there`);
}

/** Whether it is whole is not looked at: it is as large as the log. */
function isOurs(database: DatabaseSync): boolean {
  try {
    return (
      readNumber(database, 'PRAGMA application_id') === applicationId &&
      readNumber(database, 'PRAGMA user_version') === readModelSchemaVersion &&
      readNumber(database, 'SELECT count(*) FROM progress') === 1 &&
      readNumber(database, `SELECT count(*) FROM message_words WHERE message_words MATCH '"·"'`) === 0
    );
  } catch (error) {
    // A table is missing.
    if (sqliteCode(error) === 1) return false;
    throw error;
  }
}

/** Runs what uses a connection and turns SQLite's errors into the port's: damage, or what passes. */
export function guarded<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    const code = sqliteCode(error);
    if (code === 11 || code === 26) {
      throw new ReadModelsCorrupt(`the read models are corrupt: ${String(error)}`, { cause: error });
    }
    // A broken constraint or a value of the wrong type is a defect of ours and stays what it is.
    if (code === undefined || code === 1 || code === 19 || code === 20 || code === 25) throw error;
    // SQLITE_FULL, and SQLITE_IOERR, which a limit of the system's also is.
    if (code === 10 || code === 13) {
      throw new ReadModelsUnwritable(`the disk of the read models is full or fails: ${String(error)}`, {
        cause: error,
      });
    }
    throw new ReadModelsUnavailable(`the read models cannot be used: ${String(error)}`, { cause: error });
  }
}
