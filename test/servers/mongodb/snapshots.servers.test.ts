import { afterEach, beforeEach, expect, test } from 'vitest';
import type { GroupSnapshot } from '../../../src/ports/group-snapshots.ts';
import type { ReadModels } from '../../../src/ports/read-models.ts';
import type { ProjectedWriter } from '../../contract/projected-writer.ts';
import { History } from '../../contract/read-models-history.ts';
import { type FreshDatabase, freshDatabase } from './fresh-database.ts';
import { createBuild, openReadModels, openWriter } from './open-build.ts';
import { type Fate, startWireProxy, type WireProxy } from './wire-proxy.ts';

let fresh: FreshDatabase;
let proxy: WireProxy;
let writer: ProjectedWriter;
let readModels: ReadModels;

beforeEach(async () => {
  fresh = freshDatabase();
  proxy = await startWireProxy(fresh.url);
  const build = await createBuild(fresh.url);
  writer = await openWriter(fresh.url, build);
  readModels = await openReadModels(proxy.url, build);
});
afterEach(async () => {
  await Promise.all([writer.close(), readModels.close()]);
  await proxy.close();
  await fresh.drop();
});

/** A snapshot of the group that is held at its first reading of a collection while `meanwhile` runs. */
async function snapshotHeldAt(collection: string, meanwhile: () => Promise<unknown>): Promise<GroupSnapshot> {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<Fate>();
  proxy.decide = (command) => {
    if (command.collection !== collection) return 'through';
    reached.resolve();
    return released.promise;
  };
  const snapshot = readModels.groupSnapshot('g');
  await reached.promise;
  await meanwhile();
  released.resolve('through');
  const read = await snapshot;
  if (read === undefined) throw new Error('the group is missing');
  return read;
}

const marksOf = ({ members }: GroupSnapshot) => members.map(({ markedUpTo }) => markedUpTo);

test.for([1, 2, 5])('a snapshot is of one moment when %i batches change members while it is read', async (batches) => {
  const history = new History().create('g', 'Group', ['ada', 'bob', 'cyd']).send('g', 'ada', 'one');
  await history.mark('g', 'bob', 1).mark('g', 'cyd', 1).apply(writer);
  const snapshot = await snapshotHeldAt('memberships', async () => {
    for (let batch = 0; batch < batches; batch += 1) {
      history.send('g', 'ada', 'more');
      for (const userId of ['bob', 'cyd']) history.mark('g', userId, history.lastSeq('g'));
      await history.apply(writer);
    }
  });
  // Everybody has read all at the end of every batch.
  expect(new Set([snapshot.group.lastSeq, ...marksOf(snapshot)]).size).toBe(1);
  expect(snapshot.group.version).toBe(snapshot.group.lastSeq + 1);
  expect(snapshot.members).toHaveLength(3);
});

test.for(['groups', 'memberships'])(
  'a snapshot says no position that its rows have not reached, whatever is applied once it reads the %s',
  async (collection) => {
    const history = new History().create('g', 'Group', ['ada', 'bob']).send('g', 'ada', 'one');
    await history.apply(writer);
    let markedAt = Number.POSITIVE_INFINITY;
    const snapshot = await snapshotHeldAt(collection, async () => {
      markedAt = await history.mark('g', 'bob', 1).apply(writer);
    });
    const holdsMark = snapshot.group.readsVersion === 0;
    expect(marksOf(snapshot)).toEqual(holdsMark ? [1, 1] : [1, 0]);
    expect(snapshot.position >= markedAt).toBe(holdsMark);
  },
);
