import { DatabaseSync } from 'node:sqlite';
import { answer, contestantOptions } from '../child.ts';

export interface InsertOptions {
  readonly file: string;
  readonly seconds: number;
  readonly rowsPerCommit: number;
  /** Whether the table has the log's second index, of stream and version. */
  readonly hasIndex: boolean;
  /** Each row's texts, as the log would store them. */
  readonly row: readonly [eventId: string, type: string, data: string, metadata: string];
}

/** What the disk and SQLite give: rows of the log's columns, so many to a durable commit. */
const { file, seconds, rowsPerCommit, hasIndex, row } = contestantOptions<InsertOptions>();
const database = new DatabaseSync(file);
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
database.exec(
  `CREATE TABLE rows (position INTEGER PRIMARY KEY, stream_id INTEGER NOT NULL, version INTEGER NOT NULL,
     event_id TEXT NOT NULL, type TEXT NOT NULL, data TEXT NOT NULL, metadata TEXT NOT NULL) STRICT`,
);
if (hasIndex) database.exec('CREATE UNIQUE INDEX rows_by_version ON rows (stream_id, version)');
const insert = database.prepare('INSERT INTO rows VALUES (?, 1, ?, ?, ?, ?, ?)');
const begin = database.prepare('BEGIN IMMEDIATE');
const commit = database.prepare('COMMIT');

let position = 0;
const started = performance.now();
const deadline = started + seconds * 1_000;
while (performance.now() < deadline) {
  begin.run();
  for (let count = 0; count < rowsPerCommit; count += 1) {
    insert.run(position, position, ...row);
    position += 1;
  }
  commit.run();
}
answer({ perSecond: (position * 1_000) / (performance.now() - started) });
