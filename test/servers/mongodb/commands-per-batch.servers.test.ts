import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ReadModelWriter } from '../../../src/ports/row-store.ts';
import { createStoredReadCounts } from '../../../src/projections/store-read-counts.ts';
import { projectedWriter } from '../../contract/projected-writer.ts';
import { History } from '../../contract/read-models-history.ts';
import { createClock } from '../../projections/projection-under-test.ts';
import { type FreshDatabase, freshDatabase } from './fresh-database.ts';
import { createBuild, openStore } from './open-build.ts';
import { startWireProxy, type WireProxy } from './wire-proxy.ts';

const groupIds = Array.from({ length: 15 }, (_, index) => `g-${index}`);
const userIds = ['ada', 'bob', 'cyd'];
/** As often as a projector that waits 100 ms between two batches goes on. */
const batchesPerSecond = 10;

let fresh: FreshDatabase;
let proxy: WireProxy;
let store: ReadModelWriter;

beforeEach(async () => {
  fresh = freshDatabase();
  proxy = await startWireProxy(fresh.url);
  store = await openStore(proxy.url, await createBuild(fresh.url));
});
afterEach(async () => {
  await store.close();
  await proxy.close();
  await fresh.drop();
});

test('storing read counts takes under a tenth of the commands of a projector under load', async () => {
  const history = new History();
  for (const groupId of groupIds) history.create(groupId, 'Group', userIds);
  const writer = projectedWriter(store);
  await history.apply(writer);
  const commands = { batches: 0, counts: 0 };
  let counting: keyof typeof commands = 'batches';
  proxy.decide = ({ collection }) => {
    if (collection !== 'projector_leases') commands[counting] += 1;
    return 'through';
  };
  const clock = createClock();
  const onFailure = vi.fn();
  const stored = vi.fn(store.storeReadCounts);
  const counts = createStoredReadCounts({ writer: { ...store, storeReadCounts: stored }, clock }, onFailure);
  counting = 'counts';
  counts.begin();
  for (let second = 1; second <= 5; second += 1) {
    counting = 'batches';
    for (let batch = 0; batch < batchesPerSecond; batch += 1) {
      for (const groupId of groupIds)
        history.send(groupId, 'ada', 'word').mark(groupId, 'bob', history.lastSeq(groupId));
      await history.apply(writer);
      counts.changed(await writer.groups(groupIds));
    }
    counting = 'counts';
    const before = stored.mock.calls.length;
    clock.advance(1_000);
    // It goes every five seconds.
    if (second % 5 === 0) await vi.waitFor(() => expect(stored.mock.settledResults.length).toBeGreaterThan(before));
  }
  await counts.stop();
  console.info(`${JSON.stringify(commands)} commands in ${5 * batchesPerSecond} batches of ${groupIds.length} groups`);
  expect(onFailure).not.toHaveBeenCalled();
  expect(stored).toHaveBeenCalledTimes(1);
  expect(commands.counts).toBeLessThan(0.1 * (commands.batches + commands.counts));
});
