import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { connect, connectionTo } from '../../../src/adapters/mongodb/connection.ts';
import { takeOver } from '../../../src/adapters/mongodb/take-over.ts';
import type { BuildId } from '../../../src/ports/read-model-builds.ts';
import { LeaseLost, ReadModelsCorrupt } from '../../../src/ports/read-models.ts';
import { History } from '../../contract/read-models-history.ts';
import { type FreshDatabase, freshDatabase } from './fresh-database.ts';
import { createBuild, openBuilds, openWriter } from './open-build.ts';

let fresh: FreshDatabase;
let build: BuildId;

beforeEach(async () => {
  fresh = freshDatabase();
  build = await createBuild(fresh.url);
});
afterEach(() => fresh.drop());

const open = () => openWriter(fresh.url, build);
const checkpoints = () => fresh.database.collection<{ readonly _id: string }>('checkpoints');
const changeBuild = (changes: object) => checkpoints().updateOne({ _id: build }, { $set: changes });

test('the next writer goes on where the last one stopped', async () => {
  const history = new History().create('g', 'Group', ['ada', 'bob']);
  const first = await open();
  await history.send('g', 'ada', 'one').apply(first);
  await first.close();
  const second = await open();
  expect(await second.checkpoint()).toMatchObject({ position: history.position });
  await history.send('g', 'bob', 'two').mark('g', 'ada', 2).apply(second);
  expect(await second.groupSnapshots(['g'])).toMatchObject([{ group: { lastSeq: 2 }, position: history.position }]);
  await second.close();
});

test('a lease that is older than the one that writes takes nothing over', async () => {
  const history = new History().create('g', 'Group', ['ada']).send('g', 'ada', 'one');
  const writer = await open();
  await history.apply(writer);
  // As if it had been got at first, and its holder had stood still since.
  await changeBuild({ token: 7 });
  const before = await checkpoints().findOne({ _id: build });
  const connection = connectionTo(connect({ url: fresh.url }), build);
  const lease = { token: 6, requireHeld: () => {}, giveUp: () => {}, release: async () => {} };
  const options = { lease, holder: 'older', onNotice: () => {} };
  await expect(takeOver(connection, options)).rejects.toThrow(LeaseLost);
  expect(await checkpoints().findOne({ _id: build })).toEqual(before);
  await Promise.all([writer.close(), connection.close()]);
});

test('a document that is to be replaced and is not there any more is no success', async () => {
  const history = new History().create('g', 'Group', ['ada', 'bob']).send('g', 'ada', 'one');
  const writer = await open();
  await history.apply(writer);
  await fresh.database.collection(`${build}_memberships`).deleteOne({ userId: 'bob' });
  history.mark('g', 'bob', 1);
  await expect(history.apply(writer)).rejects.toThrow(LeaseLost);
  await writer.close();
});

test('documents that cannot have been written are corrupt', async () => {
  const history = new History().create('g', 'Group', ['ada', 'bob']).send('g', 'ada', 'one');
  const first = await open();
  await history.apply(first);
  await first.close();
  const memberships = fresh.database.collection(`${build}_memberships`);
  // As if two batches had changed it without a commit of its group in between.
  const previous = { ...(await memberships.findOne({ userId: 'bob' }))?.['previous'], position: 1_000 };
  await memberships.updateOne({ userId: 'bob' }, { $set: { position: 1_001, previous } });
  const second = await open();
  history.mark('g', 'bob', 1);
  await expect(history.apply(second)).rejects.toThrow(ReadModelsCorrupt);
  await second.close();
});

test('documents that lack something are refused by a server that can, and it is said where it cannot', async () => {
  const notices: string[] = [];
  const builds = openBuilds(fresh.url, { onNotice: (notice) => notices.push(notice) });
  const made = await builds.create();
  await builds.close();
  const isRefused = await fresh.database
    .collection(`${made}_marks`)
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
});

test('the database is that of the URL, of the option, or else highwater', async () => {
  const names = [
    { url: 'mongodb://127.0.0.1:1/' },
    { url: 'mongodb://a:1,b:2?replicaSet=r' },
    { url: 'mongodb://127.0.0.1:1/chat?w=1' },
    { url: 'mongodb://127.0.0.1:1/chat', database: 'other' },
  ].map((options) => connect(options).database.databaseName);
  expect(names).toEqual(['highwater', 'highwater', 'chat', 'other']);
});
