import { existsSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { maximumSeq } from '../../events/values.ts';
import { startOfLog } from '../../ports/event-log.ts';
import { ReadModelsCorrupt, ReadModelsUnavailable } from '../../ports/read-models.ts';
import { readNumber, sqliteCode } from './log-file.ts';

/** "HWRM" in the file's header: Highwater's read models. */
export const readModelApplicationId = 0x4857524d;
/** Raised whenever the tables or what is in them changes: a file of any other version is built anew from the log. */
export const readModelSchemaVersion = 2;

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
 * - The words are indexed without a copy of the text and without places: whole words in any order need neither.
 */
const schema = `
  CREATE TABLE progress (only INTEGER PRIMARY KEY CHECK (only = 1), checkpoint INTEGER NOT NULL) STRICT;
  INSERT INTO progress VALUES (1, ${startOfLog});
  CREATE TABLE groups (
    group_key INTEGER PRIMARY KEY,
    group_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at TEXT,
    member_count INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    last_message_at TEXT,
    version INTEGER NOT NULL,
    reads_version INTEGER NOT NULL,
    activity_position INTEGER NOT NULL,
    counts_position INTEGER NOT NULL,
    position INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE halted_groups (
    group_id TEXT PRIMARY KEY, position INTEGER NOT NULL, reason TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE members (
    member_key INTEGER PRIMARY KEY,
    group_key INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
    active INTEGER NOT NULL,
    joined_at TEXT NOT NULL,
    stays TEXT NOT NULL,
    marked_up_to INTEGER NOT NULL,
    position INTEGER NOT NULL,
    UNIQUE (group_key, user_id)
  ) STRICT;
  CREATE INDEX memberships ON members (user_id) WHERE active = 1;
  CREATE TABLE marks (
    member_key INTEGER NOT NULL, up_to INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (member_key, up_to)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE messages (
    message_key INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL,
    author_id TEXT NOT NULL,
    text TEXT,
    sent_at TEXT NOT NULL,
    edited_at TEXT,
    deleted_at TEXT,
    reply_to TEXT,
    mentions TEXT NOT NULL,
    mentions_all INTEGER NOT NULL,
    audience_count INTEGER NOT NULL,
    sent_position INTEGER NOT NULL,
    position INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX messages_by_id ON messages (message_id);
  CREATE VIRTUAL TABLE message_words USING fts5(words, content='', columnsize=0, detail=none, tokenize='ascii');
  INSERT INTO message_words (message_words, rank) VALUES ('hashsize', 16777216);
  CREATE TABLE reactions (
    message_key INTEGER NOT NULL,
    emoji TEXT NOT NULL,
    user_id TEXT NOT NULL,
    present INTEGER NOT NULL,
    first_position INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (message_key, emoji, user_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE mentions (
    user_id TEXT NOT NULL, position INTEGER NOT NULL, message_key INTEGER NOT NULL, PRIMARY KEY (user_id, position)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE mentions_of_all (
    group_key INTEGER NOT NULL, position INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (group_key, position)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE commands (
    group_key INTEGER NOT NULL,
    actor_id TEXT NOT NULL,
    command_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    added_up_to TEXT,
    position INTEGER NOT NULL,
    PRIMARY KEY (group_key, actor_id, command_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE read_counts (group_key INTEGER PRIMARY KEY, position INTEGER NOT NULL, ranges BLOB NOT NULL) STRICT;
`;

/**
 * The writing connection. Read models can always be built again, so a file that is damaged, foreign or of another
 * version is discarded and begun anew. Throws ReadModelsUnavailable when even that fails.
 */
export function openReadModelFile(file: string): DatabaseSync {
  try {
    // A write-ahead log whose database is gone would be played into the new one.
    if (!existsSync(file)) discardReadModels(file);
    return openCurrent(file) ?? createAnew(file);
  } catch (error) {
    throw new ReadModelsUnavailable(`${file} cannot be opened: ${String(error)}`, { cause: error });
  }
}

function createAnew(file: string): DatabaseSync {
  discardReadModels(file);
  const database = connect(file);
  database.exec(
    `BEGIN IMMEDIATE; ${schema} PRAGMA application_id = ${readModelApplicationId}; PRAGMA user_version = ${readModelSchemaVersion}; COMMIT;`,
  );
  return database;
}

/** Undefined where the file is not one that this version can go on with. */
function openCurrent(file: string): DatabaseSync | undefined {
  if (!existsSync(file)) return undefined;
  let database: DatabaseSync | undefined;
  try {
    database = connect(file);
    const isCurrent =
      readNumber(database, 'PRAGMA application_id') === readModelApplicationId &&
      readNumber(database, 'PRAGMA user_version') === readModelSchemaVersion &&
      readNumber(database, 'SELECT count(*) FROM progress') === 1 &&
      readNumber(database, `SELECT count(*) FROM message_words WHERE message_words MATCH '"·"'`) === 0;
    if (isCurrent) return database;
  } catch (error) {
    // Somebody else holds the file: it may well be whole, and is not ours to throw away.
    const isBusy = sqliteCode(error) === 5 || sqliteCode(error) === 6;
    if (isBusy) {
      database?.close();
      throw error;
    }
  }
  database?.close();
  return undefined;
}

/** 64 MiB of WAL between checkpoints: measured to cost a rebuild little, and read quickly when a crash has left it behind. */
const pragmas = `
  PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;
  PRAGMA wal_autocheckpoint = 16000; PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -131072;
`;

function connect(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 5_000 });
  try {
    database.exec(pragmas);
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

/** Throws the read models away. Whoever has them open goes on seeing the old ones until they open them again. */
export function discardReadModels(file: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true, recursive: true });
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
    throw new ReadModelsUnavailable(`the read models cannot be used: ${String(error)}`, { cause: error });
  }
}
