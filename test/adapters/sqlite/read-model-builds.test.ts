import { existsSync, fsyncSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openSqliteReadModelBuilds } from '../../../src/adapters/sqlite/read-model-builds.ts';
import { readServedBuilds, writeServedBuilds } from '../../../src/adapters/sqlite/served-builds.ts';
import { ReadModelsCorrupt, ReadModelsUnavailable } from '../../../src/ports/read-model-faults.ts';
import { readModelBuildsContract } from '../../contract/read-model-builds-contract.ts';
import { makeTemporaryDirectory, temporaryDirectory } from './temporary-directory.ts';

vi.mock('node:fs', async (original) => {
  const fileSystem = await original<typeof import('node:fs')>();
  return { ...fileSystem, fsyncSync: vi.fn(fileSystem.fsyncSync) };
});

readModelBuildsContract('SQLite', async () => {
  const { directory, remove } = makeTemporaryDirectory();
  return {
    builds: openSqliteReadModelBuilds({ directory }),
    others: openSqliteReadModelBuilds({ directory }),
    async serveTo(schemaVersion, id) {
      const database = new DatabaseSync(join(directory, `${id}.db`), { timeout: 5_000 });
      database.exec(`PRAGMA user_version = ${schemaVersion}`);
      database.close();
      writeServedBuilds(directory, new Map([...readServedBuilds(directory), [schemaVersion, id]]));
    },
    teardown: async () => remove(),
  };
});

test('what an older Highwater serves from outlives a rebuild beside it, and goes once the data directory is a newer one’s', async () => {
  const directory = `${temporaryDirectory()}/read-models`;
  const older = ['.db', '.db-wal', '.db-shm'].map((suffix) => directory + suffix);
  const { signal } = new AbortController();
  for (const file of older) writeFileSync(file, '');

  const beside = openSqliteReadModelBuilds({ directory });
  const id = await beside.create();
  await (await beside.openWriter(id, signal)).close();
  expect(await beside.serve(undefined, id)).toBe(true);
  await (await beside.openWriter(id, signal)).close();
  expect(older.filter((file) => existsSync(file))).toEqual(older);

  const owner = openSqliteReadModelBuilds({ directory, removesSchema2: true });
  const filled = await owner.create();
  await (await owner.openWriter(filled, signal)).close();
  expect(older.filter((file) => existsSync(file))).toEqual(older);
  await (await owner.openWriter(id, signal)).close();
  expect(older.filter((file) => existsSync(file))).toEqual([]);
});

test('builds are in the order in which they were made, also where the clock has gone back', async () => {
  const builds = openSqliteReadModelBuilds({ directory: temporaryDirectory() });
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 5, 1) });
  onTestFinished(() => void vi.useRealTimers());
  const made = [await builds.create()];
  vi.setSystemTime(Date.UTC(2020, 0, 1));
  made.push(await builds.create(), await builds.create());
  expect((await builds.list()).map(({ id }) => id)).toEqual(made);
});

test('a writer that cannot be opened leaves the build to the next who tries', async () => {
  const directory = temporaryDirectory();
  const builds = openSqliteReadModelBuilds({ directory });
  const id = await builds.create();
  for (const suffix of ['-wal', '-shm']) rmSync(join(directory, `${id}.db${suffix}`), { force: true });
  writeFileSync(join(directory, `${id}.db`), 'x'.repeat(9_000));
  for (let attempt = 0; attempt < 2; attempt += 1) {
    await expect(builds.openWriter(id, AbortSignal.timeout(5_000))).rejects.toThrow(ReadModelsCorrupt);
  }
});

test('a build that somebody holds on to is not listed as one that holds nothing: nobody can tell for now', async () => {
  const directory = temporaryDirectory();
  const builds = openSqliteReadModelBuilds({ directory });
  const id = await builds.create();
  const holder = new DatabaseSync(join(directory, `${id}.db`));
  holder.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; UPDATE progress SET checkpoint = 7; COMMIT');
  await expect(builds.list()).rejects.toThrow(ReadModelsUnavailable);
  holder.close();
  expect(await builds.list()).toMatchObject([{ id, checkpoint: { position: 7 } }]);
});

test('what is made and what is served is on the disk before anybody is told', async () => {
  const builds = openSqliteReadModelBuilds({ directory: temporaryDirectory() });
  const synced = vi.mocked(fsyncSync);
  synced.mockClear();
  const id = await builds.create();
  // The build's file, and the directory that names it.
  expect(synced).toHaveBeenCalledTimes(2);
  await builds.serve(undefined, id);
  expect(synced).toHaveBeenCalledTimes(3);
});
