import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openSqliteReadModelBuilds } from '../../../src/adapters/sqlite/read-model-builds.ts';
import { readServedBuilds, writeServedBuilds } from '../../../src/adapters/sqlite/served-builds.ts';
import { readModelBuildsContract } from '../../contract/read-model-builds-contract.ts';
import { makeTemporaryDirectory, temporaryDirectory } from './temporary-directory.ts';

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
