import { spawnSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { createReadModelFile } from '../../../src/adapters/sqlite/read-model-file.ts';
import { openSqliteReadModels } from '../../../src/adapters/sqlite/read-models.ts';
import { BuildGone } from '../../../src/ports/read-model-builds.ts';
import { LeaseLost, ReadModelsCorrupt, ReadModelsUnavailable } from '../../../src/ports/read-model-faults.ts';
import { History } from '../../contract/read-models-history.ts';
import { damageTable } from './damage-table.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { emptyFile, openWriter, writtenFile } from './written-read-models.ts';

const story = () => new History().create('g', 'Group', ['ada', 'bob']).send('g', 'ada', 'one').mark('g', 'bob', 1);
/** What comes after the story. */
function tail(tell: (history: History) => History): History {
  const history = story();
  history.changes = [];
  return tell(history);
}

function execute(file: string, sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}

/** Neither a writer nor a reader opens it, and it stays as it is. */
function expectRefused(file: string, refusal: typeof ReadModelsCorrupt | typeof BuildGone): void {
  expect(() => openWriter(file)).toThrow(refusal);
  expect(() => openSqliteReadModels({ file })).toThrow(refusal);
}

test('a file is gone on with where it was left, members and marks included', async () => {
  const file = await writtenFile(story());
  const writer = openWriter(file);
  expect((await writer.checkpoint()).position).toBe(story().position);
  await tail((history) => history.send('g', 'bob', 'two').mark('g', 'ada', 2)).apply(writer);
  expect((await writer.groupSnapshots(['g']))[0]?.members).toMatchObject([{ markedUpTo: 2 }, { markedUpTo: 2 }]);
  await writer.close();
});

test('who writes the rows of groups and members that it has not met finds them', async () => {
  const file = await writtenFile(story());
  const writer = openWriter(file);
  const history = tail((story) => story.create('h', 'Other', ['ada', 'cyd']).join('g', 'cyd').leave('g', 'bob'));
  await history.send('h', 'cyd', 'two').mark('g', 'ada', 1).apply(writer);
  const members = async (groupId: string) =>
    (await writer.groupSnapshots([groupId]))[0]?.members.map(({ userId, active }) => `${userId} ${active}`);
  expect(await members('g')).toEqual(['ada true', 'bob false', 'cyd true']);
  expect(await members('h')).toEqual(['ada true', 'cyd true']);
  await writer.close();
});

test('what is not there is neither written nor read, nor made', () => {
  const file = join(temporaryDirectory(), 'read-models.db');
  expectRefused(file, BuildGone);
  expectRefused(file, BuildGone);
  expectRefused(temporaryDirectory(), BuildGone);
});

test('a file of garbage, an empty one and one that was cut short are corrupt', async () => {
  const file = join(temporaryDirectory(), 'read-models.db');
  writeFileSync(file, 'garbage '.repeat(10_000));
  expectRefused(file, ReadModelsCorrupt);
  writeFileSync(file, '');
  expectRefused(file, ReadModelsCorrupt);
  const written = await writtenFile(story());
  writeFileSync(written, readFileSync(written).subarray(0, 5_000));
  expectRefused(written, ReadModelsCorrupt);
});

test('a file that is cut short beneath an open reader ends its queries and not the process', async () => {
  const file = await writtenFile(story());
  // With commits in its write-ahead log, SQLite does not ask the file how long it is.
  const writer = openWriter(file);
  onTestFinished(() => writer.close().catch(() => {}));
  await tail((history) => history.send('g', 'bob', 'two')).apply(writer);
  const program = join(import.meta.dirname, 'programs', 'read-what-is-cut-short.ts');
  const { status, signal, stdout } = spawnSync(process.execPath, [program, file], { encoding: 'utf8' });
  expect({ status, signal }).toEqual({ status: 0, signal: null });
  const endings = stdout.trim().split('\n');
  expect(endings).toHaveLength(5);
  // What is in memory may still be answered.
  for (const ending of endings) expect(['the same answer', 'ReadModelsUnavailable']).toContain(ending);
});

test.each(['user_version = 0', 'user_version = 2', 'user_version = 999', 'application_id = 1'])(
  'a file of %s is none to go on with',
  async (pragma) => {
    const file = await writtenFile(story());
    execute(file, `PRAGMA ${pragma}`);
    expectRefused(file, ReadModelsCorrupt);
  },
);

test('a file whose full-text index is damaged, and one whose tables are not ours, are corrupt', async () => {
  const file = await writtenFile(story());
  damageTable(file, 'message_words_data');
  expectRefused(file, ReadModelsCorrupt);
  const other = emptyFile();
  execute(other, 'DROP TABLE progress');
  expectRefused(other, ReadModelsCorrupt);
});

test('damage says that the read models are corrupt, met while applying and while reading', async () => {
  const file = await writtenFile(story());
  damageTable(file, 'members');
  const writer = openWriter(file);
  const readModels = openSqliteReadModels({ file });
  await expect(tail((history) => history.send('g', 'ada', 'two')).apply(writer)).rejects.toThrow(ReadModelsCorrupt);
  await expect(readModels.groupSnapshot('g')).rejects.toThrow(ReadModelsCorrupt);
  await Promise.all([writer.close(), readModels.close()]);
});

test('readers of a file that was removed answer from all of it, the write-ahead log included, and so to the end', async () => {
  const file = emptyFile();
  const writer = openWriter(file);
  await story().apply(writer);
  const readModels = openSqliteReadModels({ file });
  const before = await readModels.groupSnapshot('g');
  for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix);
  await writer.close();
  createReadModelFile(file);
  expect(await readModels.groupSnapshot('g')).toEqual(before);
  expect(await readModels.search(['g'], 'one', undefined, 9)).toHaveLength(1);
  await readModels.close();
});

test.each(['', '-wal'])('who writes to a file whose %s was replaced has lost it', async (suffix) => {
  const file = emptyFile();
  const writer = openWriter(file);
  await story().apply(writer);
  renameSync(file + suffix, `${file}${suffix}.elsewhere`);
  writeFileSync(file + suffix, '');
  await expect(tail((history) => history.send('g', 'ada', 'two')).apply(writer)).rejects.toThrow(LeaseLost);
  await writer.close();
});

test('reading after closing is unavailable', async () => {
  const readModels = openSqliteReadModels({ file: await writtenFile(story()) });
  await readModels.close();
  await readModels.close();
  await expect(readModels.checkpoint()).rejects.toThrow(ReadModelsUnavailable);
});

test('a batch that fails leaves nothing behind, in the file or in memory', async () => {
  const file = await writtenFile(story());
  const writer = openWriter(file);
  const [before] = await writer.groupSnapshots(['g']);
  const history = tail((story) => story.create('h', 'Other', ['ada']).join('g', 'cyd').mark('g', 'ada', 1));
  history.send('g', 'bob', 'two').send('g', 'ada', 'beyond', { seq: 2 ** 28 });
  await expect(history.apply(writer)).rejects.toThrow(RangeError);
  expect(await writer.groupSnapshots(['g'])).toEqual([before]);
  expect(await writer.loadGroups(['h'])).toEqual([]);
  await writer.apply([], 99);
  expect(await writer.groupSnapshots(['g'])).toEqual([{ ...before, position: 99 }]);
  await tail((story) => story.create('i', 'Third', ['ada', 'bob'])).apply(writer);
  expect((await writer.groupSnapshots(['i']))[0]?.members.map(({ userId }) => userId)).toEqual(['ada', 'bob']);
  await writer.close();
});
