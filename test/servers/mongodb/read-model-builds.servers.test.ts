import { servedId, sharedCollectionsOf } from '../../../src/adapters/mongodb/documents.ts';
import { readModelBuildsContract } from '../../contract/read-model-builds-contract.ts';
import { freshDatabase } from './fresh-database.ts';
import { openBuilds } from './open-build.ts';

readModelBuildsContract('MongoDB', async () => {
  const { url, database, drop } = freshDatabase();
  const [builds, others] = [openBuilds(url), openBuilds(url, { holder: 'another' })];
  return {
    ...{ builds, others },
    async serveTo(schemaVersion, id) {
      const shared = sharedCollectionsOf(database);
      await shared.builds.updateOne({ _id: id }, { $set: { schemaVersion } });
      const change = { _id: servedId(schemaVersion, 1), kind: 'served', schemaVersion, changes: 1 } as const;
      await shared.served.insertOne({ ...change, build: id, changedAt: new Date() });
    },
    async teardown() {
      await Promise.all([builds.close(), others.close()]);
      await drop();
    },
  };
});
