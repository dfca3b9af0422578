import { openSqliteReadModelBuilds } from '../../../src/adapters/sqlite/read-model-builds.ts';
import { readModelBuildsContract } from '../../contract/read-model-builds-contract.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';

readModelBuildsContract('SQLite', async () => {
  const { directory, remove } = makeTemporaryDirectory();
  return {
    builds: openSqliteReadModelBuilds({ directory }),
    others: openSqliteReadModelBuilds({ directory }),
    teardown: async () => remove(),
  };
});
