import { readModelBuildsContract } from '../../contract/read-model-builds-contract.ts';
import { freshDatabase } from './fresh-database.ts';
import { openBuilds } from './open-build.ts';

readModelBuildsContract('MongoDB', async () => {
  const { url, drop } = freshDatabase();
  const [builds, others] = [openBuilds(url), openBuilds(url, { holder: 'another' })];
  return {
    ...{ builds, others },
    async teardown() {
      await Promise.all([builds.close(), others.close()]);
      await drop();
    },
  };
});
