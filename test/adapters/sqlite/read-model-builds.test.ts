import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSqliteReadModelBuilds } from '../../../src/adapters/sqlite/read-model-builds.ts';
import { readServedBuilds, writeServedBuilds } from '../../../src/adapters/sqlite/served-builds.ts';
import { readModelBuildsContract } from '../../contract/read-model-builds-contract.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';

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
