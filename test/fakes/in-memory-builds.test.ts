import { readModelBuildsContract } from '../contract/read-model-builds-contract.ts';
import { createInMemoryStore } from './in-memory-read-models.ts';

readModelBuildsContract('memory', async () => {
  const store = createInMemoryStore();
  return {
    ...{ builds: store.of(2), others: store.of(2), teardown: async () => undefined },
    serveTo: async (...what) => store.serveTo(...what),
  };
});
