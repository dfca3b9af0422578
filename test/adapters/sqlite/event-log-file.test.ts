import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import {
  ForeignLogFile,
  LogVersionUnsupported,
  openSqliteEventLog,
  openSqliteEventLogReader,
} from '../../../src/adapters/sqlite/event-log.ts';
import { LogUnavailable, noStream, startOfLog } from '../../../src/ports/event-log.ts';
import { marks } from '../../contract/event-log-samples.ts';
import { temporaryDirectory } from './temporary-directory.ts';

test('a log of version 1 is brought forward when it is opened to write, with all that it holds', async () => {
  const file = join(temporaryDirectory(), 'log.db');
  const log = await openSqliteEventLog({ file });
  await log.append('group-a', noStream, marks(0, 3));
  await log.close();
  changeFile(
    file,
    'ALTER TABLE events DROP COLUMN recorded_at; ALTER TABLE events DROP COLUMN binary; PRAGMA user_version = 1',
  );
  const reopened = await openSqliteEventLog({ file });
  const events = await reopened.readAll(startOfLog, 10);
  expect(events.map(({ eventId, recordedAt }) => ({ eventId, recordedAt }))).toEqual(
    marks(0, 3).map(({ eventId }) => ({ eventId, recordedAt: 0 })),
  );
  const startedAt = Date.now();
  await reopened.append('group-a', 2, marks(3, 1));
  expect((await reopened.readAll(2, 10))[0]?.recordedAt).toBeGreaterThanOrEqual(startedAt);
  await reopened.close();
});

describe.each([
  ['to write', openSqliteEventLog],
  ['to read', openSqliteEventLogReader],
])('opening a file %s', (_, open) => {
  test('a log of a newer version is refused by name and left as it was', async () => {
    const file = join(temporaryDirectory(), 'log.db');
    const log = await openSqliteEventLog({ file });
    await log.append('group-a', noStream, marks(0, 3));
    await log.close();
    changeFile(file, 'PRAGMA user_version = 3');
    await expectRefused(() => open({ file }), file, LogVersionUnsupported);
  });

  test('a newer version that stands only in the write-ahead log is refused too', async () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'log.db');
    await (await openSqliteEventLog({ file })).close();
    const other = new DatabaseSync(file);
    other.exec('PRAGMA user_version = 3');
    await expect(open({ file })).rejects.toThrow(LogVersionUnsupported);
    other.close();
  });

  test("somebody else's SQLite file is refused by name and left as it was", async () => {
    const file = join(temporaryDirectory(), 'log.db');
    changeFile(file, 'CREATE TABLE recipes (name TEXT)');
    await expectRefused(() => open({ file }), file, ForeignLogFile);
  });

  test.each([
    ['short', 'hello'],
    ['long', 'no database\n'.repeat(1_000)],
  ])('a %s file that is not SQLite is refused by name and left as it was', async (_, content) => {
    const file = join(temporaryDirectory(), 'log.db');
    writeFileSync(file, content);
    await expectRefused(() => open({ file }), file, ForeignLogFile);
  });
});

test('an empty file, as a crash may leave it, becomes a log', async () => {
  const file = join(temporaryDirectory(), 'log.db');
  writeFileSync(file, '');
  const log = await openSqliteEventLog({ file });
  expect((await log.append('group-a', noStream, marks(0, 1))).kind).toBe('appended');
  await log.close();
});

test('a file in WAL mode without tables, as a crash may leave it, becomes a log', async () => {
  const file = join(temporaryDirectory(), 'log.db');
  changeFile(file, 'PRAGMA journal_mode = WAL');
  const log = await openSqliteEventLog({ file });
  expect(await log.endPosition()).toBe(startOfLog);
  await log.close();
});

test('a directory that is missing is reported as LogUnavailable', async () => {
  const file = join(temporaryDirectory(), 'missing', 'log.db');
  await expect(openSqliteEventLog({ file })).rejects.toThrow(LogUnavailable);
  await expect(openSqliteEventLogReader({ file })).rejects.toThrow(LogUnavailable);
});

test('a log that is closed leaves one file', async () => {
  const directory = temporaryDirectory();
  const log = await openSqliteEventLog({ file: join(directory, 'log.db') });
  await log.append('group-a', noStream, marks(0, 3));
  await log.close();
  expect(readdirSync(directory)).toEqual(['log.db']);
});

test('a closed log answers with LogUnavailable', async () => {
  const log = await openSqliteEventLog({ file: join(temporaryDirectory(), 'log.db') });
  await log.close();
  await expect(log.append('group-a', noStream, marks(0, 1))).rejects.toThrow(LogUnavailable);
  await expect(log.readAll(startOfLog, 1)).rejects.toThrow(LogUnavailable);
});

/** Only while nothing has the file open: closing node:fs's descriptor would drop SQLite's locks on it. */
async function expectRefused(
  open: () => Promise<unknown>,
  file: string,
  error: typeof LogVersionUnsupported | typeof ForeignLogFile,
): Promise<void> {
  const before = readFileSync(file);
  const refused = open();
  await expect(refused).rejects.toThrow(error);
  await expect(refused).rejects.toThrow(file);
  expect(readFileSync(file).equals(before)).toBe(true);
}

function changeFile(file: string, sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}
