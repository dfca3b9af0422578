import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { discardReadModels } from '../../../src/adapters/sqlite/read-model-file.ts';
import { openSqliteReadModelWriter } from '../../../src/adapters/sqlite/read-model-writer.ts';
import { openSqliteReadModels } from '../../../src/adapters/sqlite/read-models.ts';
import { startOfLog } from '../../../src/ports/event-log.ts';
import { ReadModelsCorrupt, ReadModelsUnavailable } from '../../../src/ports/read-model-faults.ts';
import { History } from '../../contract/read-models-history.ts';
import { damageTable } from './damage-table.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const story = () => new History().create('g', 'Group', ['ada', 'bob']).send('g', 'ada', 'one').mark('g', 'bob', 1);

/** A file with something in it, closed. */
async function writtenFile(): Promise<string> {
  const file = join(temporaryDirectory(), 'read-models.db');
  const writer = openSqliteReadModelWriter({ file });
  await story().apply(writer);
  await writer.close();
  return file;
}

/** Opens the file, expects it to be begun anew, and fills it again. */
async function expectRebuilt(file: string): Promise<void> {
  const writer = openSqliteReadModelWriter({ file });
  expect(await writer.checkpoint()).toBe(startOfLog);
  expect(await writer.groupSnapshot('g')).toBeUndefined();
  const position = await story().apply(writer);
  const readModels = openSqliteReadModels({ file });
  expect(await readModels.checkpoint()).toBe(position);
  expect(await readModels.search('g', 'one', undefined, 9)).toHaveLength(1);
  await Promise.all([writer.close(), readModels.close()]);
}

function execute(file: string, sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}

test('a file is gone on with where it was left, members and marks included', async () => {
  const file = await writtenFile();
  const writer = openSqliteReadModelWriter({ file });
  const history = story();
  expect(await writer.checkpoint()).toBe(history.position);
  history.changes = [];
  await history.send('g', 'bob', 'two').mark('g', 'ada', 2).apply(writer);
  expect((await writer.groupSnapshot('g'))?.members).toMatchObject([{ markedUpTo: 2 }, { markedUpTo: 2 }]);
  await writer.close();
});

test('a deleted file is rebuilt, and what its write-ahead log still held is not played into it', async () => {
  const file = join(temporaryDirectory(), 'read-models.db');
  const writer = openSqliteReadModelWriter({ file });
  await story().apply(writer);
  const leftOver = readFileSync(`${file}-wal`);
  await writer.close();
  expect(leftOver.length).toBeGreaterThan(0);
  rmSync(file);
  writeFileSync(`${file}-wal`, leftOver);
  await expectRebuilt(file);
});

test('a file of garbage is rebuilt', async () => {
  const file = join(temporaryDirectory(), 'read-models.db');
  writeFileSync(file, 'garbage '.repeat(10_000));
  await expectRebuilt(file);
});

test('a truncated file is rebuilt', async () => {
  const file = await writtenFile();
  writeFileSync(file, readFileSync(file).subarray(0, 5_000));
  await expectRebuilt(file);
});

test('an empty file and a directory in its place are rebuilt', async () => {
  const file = await writtenFile();
  writeFileSync(file, '');
  await expectRebuilt(file);
  discardReadModels(file);
  expect(existsSync(file)).toBe(false);
});

test.each(['user_version = 0', 'user_version = 999', 'application_id = 1'])(
  'a file of %s is rebuilt',
  async (pragma) => {
    const file = await writtenFile();
    execute(file, `PRAGMA ${pragma}`);
    await expectRebuilt(file);
  },
);

test('a file whose full-text index is damaged is rebuilt', async () => {
  const file = await writtenFile();
  damageTable(file, 'message_words_data');
  await expectRebuilt(file);
});

test('another SQLite file is rebuilt', async () => {
  const file = join(temporaryDirectory(), 'read-models.db');
  execute(file, 'CREATE TABLE groups (name TEXT); CREATE TABLE progress (x)');
  await expectRebuilt(file);
});

test('damage met while applying says that the read models are corrupt, and while reading that they are unavailable', async () => {
  const file = await writtenFile();
  damageTable(file, 'members');
  const writer = openSqliteReadModelWriter({ file });
  const readModels = openSqliteReadModels({ file });
  const history = story().send('g', 'ada', 'two');
  await expect(history.apply(writer)).rejects.toThrow(ReadModelsCorrupt);
  await expect(readModels.groupSnapshot('g')).rejects.toThrow(ReadModelsUnavailable);
  await writer.close();
  discardReadModels(file);
  await expectRebuilt(file);
  readModels.reopen();
  expect((await readModels.groupSnapshot('g'))?.group.lastSeq).toBe(1);
  await readModels.close();
});

test('reading before anybody has written is unavailable, and so is reading after closing', async () => {
  const file = join(temporaryDirectory(), 'read-models.db');
  expect(() => openSqliteReadModels({ file })).toThrow(ReadModelsUnavailable);
  const readModels = openSqliteReadModels({ file: await writtenFile() });
  await readModels.close();
  await readModels.close();
  await expect(readModels.checkpoint()).rejects.toThrow(ReadModelsUnavailable);
});

test('a batch that fails leaves nothing behind, in the file or in memory', async () => {
  const file = await writtenFile();
  const writer = openSqliteReadModelWriter({ file });
  const before = await writer.groupSnapshot('g');
  const history = story();
  history.changes = [];
  history
    .mark('g', 'ada', 1)
    .send('g', 'bob', 'two')
    .send('g', 'ada', 'beyond', { seq: 2 ** 28 });
  await expect(history.apply(writer)).rejects.toThrow(RangeError);
  expect(await writer.groupSnapshot('g')).toEqual(before);
  history.changes = [];
  await writer.apply([], 99);
  expect(await writer.groupSnapshot('g')).toEqual({ ...before, position: 99 });
  await writer.close();
});
