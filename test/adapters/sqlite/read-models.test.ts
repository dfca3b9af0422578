import { join } from 'node:path';
import { createReadModelFile } from '../../../src/adapters/sqlite/read-model-file.ts';
import { openSqliteReadModelWriter } from '../../../src/adapters/sqlite/read-model-writer.ts';
import { openSqliteReadModels } from '../../../src/adapters/sqlite/read-models.ts';
import { readModelsContract } from '../../contract/read-models-contract.ts';
import { storedReadCounts } from './stored-read-counts.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';

readModelsContract('SQLite', async () => {
  const { directory, remove } = makeTemporaryDirectory();
  const file = join(directory, 'read-models.db');
  createReadModelFile(file);
  const writer = openSqliteReadModelWriter({ file });
  const readModels = openSqliteReadModels({ file });
  return {
    writer,
    readModels,
    storedReadCounts: async (groupId) => storedReadCounts(file, groupId),
    teardown: async () => {
      await Promise.all([writer.close(), readModels.close()]);
      remove();
    },
  };
});
