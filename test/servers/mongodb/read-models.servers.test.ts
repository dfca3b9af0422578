import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readModelsContract } from '../../contract/read-models-contract.ts';
import { freshDatabase } from './fresh-database.ts';
import { createBuild, openReadModels, openStore } from './open-build.ts';
import { withoutShardKey } from './shard-key.ts';
import { storedReadCounts } from './stored-read-counts.ts';
import { startWireProxy, type WireProxy } from './wire-proxy.ts';

/** Before all that is read and written in this file. */
let proxy: WireProxy;
const toEveryShard = new Set<string>();
let seen = 0;

beforeAll(async () => {
  proxy = await startWireProxy(process.env['HIGHWATER_MONGODB_URL'] ?? '');
  proxy.decide = (command) => {
    seen += 1;
    for (const filter of withoutShardKey(command)) {
      toEveryShard.add(`${command.name} ${command.collection}: ${JSON.stringify(Object.keys(filter))}`);
    }
    return 'through';
  };
});
afterAll(() => proxy.close());

readModelsContract('MongoDB', async () => {
  const { url, database, drop } = freshDatabase();
  const build = await createBuild(url);
  const [writer, readModels] = [
    await openStore(proxy.urlOf(url), build),
    await openReadModels(proxy.urlOf(url), build),
  ];
  const close = () => Promise.all([writer.close(), readModels.close()]);
  return {
    ...{ writer, readModels },
    storedReadCounts: (groupId) => storedReadCounts(database, build, groupId),
    teardown: () => close().then(drop),
  };
});

describe('on a cluster that is sharded by group', () => {
  test('nothing that the contract reads or writes of some groups goes to every shard', () => {
    expect([...toEveryShard]).toEqual([]);
    expect(seen).toBeGreaterThan(1_000);
  });

  test.for([
    ['find', { filter: { _id: 'g 1' } }],
    ['find', { filter: { $or: [{ groupId: 'g' }, { seq: 1 }] } }],
    ['find', { filter: { groupId: { $ne: 'g' } } }],
    ['count', { query: { words: 'a' } }],
    ['aggregate', { pipeline: [{ $group: { _id: 1 } }] }],
    ['update', { updates: [{ q: { _id: 'g 1', groupId: 'g' } }, { q: { _id: 'g 2' } }] }],
    ['delete', { deletes: [{ q: {} }] }],
    ['insert', { documents: [{ _id: 'g 1' }] }],
  ] as const)('it would be noticed of a %s of %j', ([name, body]) => {
    expect(withoutShardKey({ name, collection: 'timeline', namespace: 'v4-000000000000_timeline', body })).toHaveLength(
      1,
    );
  });
});
