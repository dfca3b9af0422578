import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteReadModelWriter } from '../../../src/adapters/sqlite/read-model-writer.ts';
import { openSqliteReadModels } from '../../../src/adapters/sqlite/read-models.ts';
import { readModelsContract } from '../../contract/read-models-contract.ts';
import { storedReadCounts } from './stored-read-counts.ts';

readModelsContract('SQLite', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'highwater-read-models-'));
  const file = join(directory, 'read-models.db');
  const writer = openSqliteReadModelWriter({ file });
  const readModels = openSqliteReadModels({ file });
  const close = () => Promise.all([writer.close(), readModels.close()]);
  return {
    writer,
    readModels,
    storedReadCounts: async (groupId) => storedReadCounts(file, groupId),
    teardown: () => close().then(() => rm(directory, { recursive: true })),
  };
});
