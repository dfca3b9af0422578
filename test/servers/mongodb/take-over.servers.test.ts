import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { connect } from '../../../src/adapters/mongodb/connection.ts';
import { openMongoReadModelWriter } from '../../../src/adapters/mongodb/read-model-writer.ts';
import { openMongoReadModels } from '../../../src/adapters/mongodb/read-models.ts';
import { takeOver } from '../../../src/adapters/mongodb/take-over.ts';
import { startOfLog } from '../../../src/ports/event-log.ts';
import {
  LeaseLost,
  ReadModelsCorrupt,
  ReadModelsUnavailable,
  type ReadModelWriter,
} from '../../../src/ports/read-models.ts';
import { History } from '../../contract/read-models-history.ts';
import { type FreshDatabase, freshDatabase } from './fresh-database.ts';
import { storedReadCounts } from './stored-read-counts.ts';

let fresh: FreshDatabase;

beforeEach(() => {
  fresh = freshDatabase();
});
afterEach(() => fresh.drop());

const open = (onNotice?: (notice: string) => void): Promise<ReadModelWriter> =>
  openMongoReadModelWriter({ url: fresh.url, holder: 'test', signal: new AbortController().signal, onNotice });

interface Checkpoint {
  readonly _id: string;
}
const changeCheckpoint = (changes: object) =>
  fresh.database.collection<Checkpoint>('checkpoints').updateOne({ _id: 'read-models' }, { $set: changes });

test('read models that nobody has begun are empty', async () => {
  const readModels = await openMongoReadModels({ url: fresh.url });
  expect(await readModels.checkpoint()).toBe(startOfLog);
  expect(await readModels.groupSnapshot('g')).toBeUndefined();
  await readModels.close();
});

test('the next writer goes on where the last one stopped', async () => {
  const history = new History().create('g', 'Group', ['ada', 'bob']);
  const first = await open();
  await history.send('g', 'ada', 'one').apply(first);
  await first.close();
  const second = await open();
  expect(await second.checkpoint()).toBe(history.position);
  await history.send('g', 'bob', 'two').mark('g', 'ada', 2).apply(second);
  expect(await second.groupSnapshot('g')).toMatchObject({ group: { lastSeq: 2 }, position: history.position });
  await second.close();
});

test.for([
  ['of another version', { schemaVersion: 0 }],
  ['that were being built', { building: true }],
] as const)('read models %s are unavailable to readers, and the next writer builds them anew', async ([, changes]) => {
  const history = new History().create('g', 'Group', ['ada']).send('g', 'ada', 'one');
  const first = await open();
  await history.apply(first);
  await first.storeReadCounts('g', history.position, []);
  await first.close();
  const readModels = await openMongoReadModels({ url: fresh.url });
  expect(await readModels.groups(['g'])).toHaveLength(1);
  await changeCheckpoint(changes);
  const asked = [
    () => readModels.checkpoint(),
    () => readModels.groups(['g']),
    () => readModels.groupSnapshot('g'),
    () => readModels.inboxPage('ada', undefined, 9),
    () => readModels.haltedGroups(),
  ];
  for (const ask of asked) await expect(ask()).rejects.toThrow(ReadModelsUnavailable);
  const second = await open();
  expect(await second.checkpoint()).toBe(startOfLog);
  expect(await readModels.groups(['g'])).toEqual([]);
  expect(await storedReadCounts(fresh.database, 'g')).toBeUndefined();
  expect(await readModels.inboxPage('ada', undefined, 9)).toEqual([]);
  await history.mark('g', 'ada', 1).apply(second);
  await Promise.all([second.close(), readModels.close()]);
});

test('a lease that is older than the one that writes takes nothing over', async () => {
  const history = new History().create('g', 'Group', ['ada']).send('g', 'ada', 'one');
  const writer = await open();
  await history.apply(writer);
  // As if it had been got at first, and its holder had stood still since.
  await changeCheckpoint({ token: 7 });
  const checkpoints = fresh.database.collection<Checkpoint>('checkpoints');
  const before = await checkpoints.findOne({ _id: 'read-models' });
  const connection = connect({ url: fresh.url });
  const lease = { token: 6, requireHeld: () => {}, giveUp: () => {}, release: async () => {} };
  const options = { lease, holder: 'older', onNotice: () => {} };
  await expect(takeOver(connection, options)).rejects.toThrow(LeaseLost);
  expect(await checkpoints.findOne({ _id: 'read-models' })).toEqual(before);
  expect(await fresh.database.collection('timeline').countDocuments()).toBe(1);
  await Promise.all([writer.close(), connection.close()]);
});

test('documents that cannot have been written are corrupt, and everything is built anew', async () => {
  const history = new History().create('g', 'Group', ['ada', 'bob']).send('g', 'ada', 'one');
  const first = await open();
  await history.apply(first);
  await first.close();
  const memberships = fresh.database.collection('memberships');
  // As if two batches had changed it without a commit of its group in between.
  const previous = { ...(await memberships.findOne({ userId: 'bob' }))?.['previous'], position: 1_000 };
  await memberships.updateOne({ userId: 'bob' }, { $set: { position: 1_001, previous } });
  const second = await open();
  history.mark('g', 'bob', 1);
  await expect(history.apply(second)).rejects.toThrow(ReadModelsCorrupt);
  await second.close();
  const third = await open();
  expect(await third.checkpoint()).toBe(startOfLog);
  await third.close();
});

test('documents that lack something are refused by a server that can, and it is said where it cannot', async () => {
  const notices: string[] = [];
  const writer = await open((notice) => notices.push(notice));
  const isRefused = await fresh.database
    .collection('marks')
    .insertOne({ groupId: 'g' })
    .then(
      () => false,
      (error: unknown) => {
        expect(String(error)).toMatch(/failed validation/);
        return true;
      },
    );
  expect(notices).toEqual(isRefused ? [] : [expect.stringMatching(/does not validate/)]);
  // Of a server that the environment names nobody knows what it can.
  const validates = { ferretdb: false, secantusdb: true, named: isRefused }[inject('mongoKind')];
  expect(isRefused).toBe(validates);
  await writer.close();
});

test('the database is that of the URL, of the option, or else highwater', async () => {
  const names = [
    { url: 'mongodb://127.0.0.1:1/' },
    { url: 'mongodb://a:1,b:2?replicaSet=r' },
    { url: 'mongodb://127.0.0.1:1/chat?w=1' },
    { url: 'mongodb://127.0.0.1:1/chat', database: 'other' },
  ].map((options) => connect(options).collections.groups.dbName);
  expect(names).toEqual(['highwater', 'highwater', 'chat', 'other']);
});
