import { readModelsContract } from '../contract/read-models-contract.ts';
import { createInMemoryStore } from './in-memory-read-models.ts';

readModelsContract('memory', async () => {
  const store = createInMemoryStore();
  const builds = store.of(1);
  const id = await builds.create();
  const writer = await builds.openWriter(id, new AbortController().signal);
  return {
    writer,
    readModels: await builds.openReadModels(id),
    storedReadCounts: async (groupId) => store.rows(id).groups.get(groupId)?.readCounts,
    teardown: () => writer.close(),
  };
});
