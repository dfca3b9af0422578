import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { createReadModelFile, openForWriting } from '../../src/adapters/sqlite/read-model-file.ts';
import { searchWords } from '../../src/ports/search-words.ts';
import { answer, contestantOptions } from '../child.ts';

export interface ScanAndWriteOptions {
  readonly logFile: string;
  /** Read models that were built from that log: what is to be written. */
  readonly rowsFile: string;
  readonly readModelsFile: string;
}

export interface ScanResult {
  readonly seconds: number;
  readonly scanSeconds: number;
  readonly events: number;
}

/**
 * What a rebuild cannot do without: every event read and its JSON parsed, and every row of the finished read models written
 * once, in the order of keys, in large transactions. The rows are in memory before the clock starts.
 */
const { logFile, rowsFile, readModelsFile } = contestantOptions<ScanAndWriteOptions>();
const rowsPerTransaction = 100_000;
const valuesPerStatement = 96;

const tables = readTables();
const started = performance.now();
const events = scan();
const scanned = performance.now();
createReadModelFile(readModelsFile);
const target = openForWriting(readModelsFile);
for (const { name, rows } of tables) write(name, rows);
const seconds = (performance.now() - started) / 1_000;
target.close();
const result: ScanResult = { seconds, scanSeconds: (scanned - started) / 1_000, events };
answer(result);

interface Table {
  readonly name: string;
  readonly rows: readonly (readonly SQLInputValue[])[];
}

function readTables(): readonly Table[] {
  const source = new DatabaseSync(rowsFile, { readOnly: true });
  const names = source
    .prepare(
      `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'message_words%' AND name <> 'progress'`,
    )
    .all()
    .map((row) => String(row['name']));
  const found: Table[] = names.map((name) => ({ name, rows: readRows(source, `SELECT * FROM ${name}`) }));
  const texts = readRows(source, 'SELECT message_key, text FROM messages WHERE text IS NOT NULL ORDER BY message_key');
  const words = texts.map(([key, text]) => [key ?? null, searchWords(String(text)).join(' ')]);
  source.close();
  return [...found, { name: 'message_words (rowid, words)', rows: words }];
}

function readRows(source: DatabaseSync, sql: string): readonly (readonly SQLInputValue[])[] {
  const statement = source.prepare(sql);
  statement.setReturnArrays(true);
  return statement.all() as unknown as readonly (readonly SQLInputValue[])[];
}

function scan(): number {
  const log = new DatabaseSync(logFile, { readOnly: true });
  const statement = log.prepare(
    `SELECT e.position, e.version, e.event_id, e.type, e.data, e.metadata, s.name
     FROM events e CROSS JOIN streams s ON s.stream_id = e.stream_id ORDER BY e.position`,
  );
  statement.setReturnArrays(true);
  let parsed = 0;
  for (const row of statement.iterate() as unknown as Iterable<readonly string[]>) {
    if (JSON.parse(row[4] ?? '') !== null && JSON.parse(row[5] ?? '') !== null) parsed += 1;
  }
  if (parsed === 0) throw new Error('the log is empty');
  log.close();
  return parsed;
}

function write(name: string, rows: readonly (readonly SQLInputValue[])[]): void {
  const columns = rows[0]?.length ?? 0;
  if (columns === 0) return;
  // The full-text index is a virtual table: it takes one row at a time whatever the statement.
  const rowsPerStatement = name.startsWith('message_words') ? 1 : Math.max(1, Math.floor(valuesPerStatement / columns));
  const row = `(${Array(columns).fill('?').join(', ')})`;
  const many = target.prepare(`INSERT INTO ${name} VALUES ${Array(rowsPerStatement).fill(row).join(', ')}`);
  const single = target.prepare(`INSERT INTO ${name} VALUES ${row}`);
  const values = new Array<SQLInputValue>(columns * rowsPerStatement);
  for (let from = 0; from < rows.length; from += rowsPerTransaction) {
    target.exec('BEGIN IMMEDIATE');
    const to = Math.min(rows.length, from + rowsPerTransaction);
    let at = from;
    for (; at + rowsPerStatement <= to; at += rowsPerStatement) {
      for (let filled = 0; filled < values.length; filled += 1) {
        values[filled] = rows[at + Math.floor(filled / columns)]?.[filled % columns] ?? null;
      }
      many.run(...values);
    }
    for (; at < to; at += 1) single.run(...(rows[at] ?? []));
    target.exec('COMMIT');
  }
}
