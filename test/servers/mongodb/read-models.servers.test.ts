import { openMongoReadModelWriter } from '../../../src/adapters/mongodb/read-model-writer.ts';
import { openMongoReadModels } from '../../../src/adapters/mongodb/read-models.ts';
import { readModelsContract } from '../../contract/read-models-contract.ts';
import { freshDatabase } from './fresh-database.ts';
import { storedReadCounts } from './stored-read-counts.ts';

readModelsContract('MongoDB', async () => {
  const { url, database, drop } = freshDatabase();
  const signal = new AbortController().signal;
  const writer = await openMongoReadModelWriter({ url, holder: 'test', signal });
  const readModels = await openMongoReadModels({ url });
  const close = () => Promise.all([writer.close(), readModels.close()]);
  return {
    writer,
    readModels,
    storedReadCounts: (groupId) => storedReadCounts(database, groupId),
    teardown: () => close().then(drop),
  };
});
