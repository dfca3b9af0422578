import type { Document } from 'mongodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { collectionsOf } from '../../../src/adapters/mongodb/documents.ts';
import { openMongoReadModelWriter } from '../../../src/adapters/mongodb/read-model-writer.ts';
import type { ReadModelWriter } from '../../../src/ports/read-models.ts';
import { History } from '../../contract/read-models-history.ts';
import { type FreshDatabase, freshDatabase } from './fresh-database.ts';
import { startWireProxy, type WireCommand, type WireProxy } from './wire-proxy.ts';

let fresh: FreshDatabase;
let proxy: WireProxy;
let notices: string[];

beforeEach(async () => {
  fresh = freshDatabase();
  proxy = await startWireProxy(fresh.url);
  notices = [];
});
afterEach(async () => {
  await proxy.close();
  await fresh.drop();
});

/** Rejects instead of waiting where the server cannot be used. */
async function open(): Promise<ReadModelWriter> {
  const abort = new AbortController();
  const stopWaiting = (reason: string) => abort.abort(new Error(`it would wait: ${reason}`));
  const onNotice = (notice: string) => notices.push(notice);
  return openMongoReadModelWriter({
    ...{ url: proxy.url, holder: 'test', signal: abort.signal, onNotice, onWaiting: stopWaiting },
  });
}

async function expectToWork(writer: ReadModelWriter): Promise<void> {
  const history = new History().create('g', 'Group', ['ada', 'bob']).send('g', 'ada', 'one').mark('g', 'bob', 1);
  await history.apply(writer);
  expect(await writer.groupSnapshot('g')).toMatchObject({ group: { lastSeq: 1 }, position: history.position });
  await writer.close();
}

/** Read models that are there, whose collections have no validators. */
async function openWithoutValidators(): Promise<void> {
  await (await open()).close();
  const { checkpoints: _, leases: __, ...built } = collectionsOf(fresh.database);
  for (const { collectionName } of Object.values(built)) {
    await fresh.database.collection(collectionName).drop();
    await fresh.database.createCollection(collectionName);
  }
  notices = [];
}

const setsValidator = ({ name, body }: WireCommand): boolean =>
  name === 'collMod' || (name === 'create' && 'validator' in body);

/** As servers answer that lack what is asked for, each in its own way. */
const lacking: readonly (readonly [string, Document])[] = [
  ['command not found', { ok: 0, code: 59, codeName: 'CommandNotFound', errmsg: 'no such command' }],
  ['an invalid option', { ok: 0, code: 72, codeName: 'InvalidOptions', errmsg: 'validator is no option' }],
  ['a command that is not supported', { ok: 0, code: 115, codeName: 'CommandNotSupported', errmsg: 'not supported' }],
  ['not implemented', { ok: 0, code: 238, codeName: 'NotImplemented', errmsg: 'not implemented yet' }],
  ['an unknown field', { ok: 0, code: 40_415, errmsg: "BSON field 'create.validator' is an unknown field" }],
  ['a message without a code', { ok: 0, errmsg: 'ns not found' }],
];

describe('a server without validators', () => {
  test.for(lacking)('is said once to be one, and is written to: %s', async ([, answer]) => {
    proxy.decide = (command) => (setsValidator(command) ? { answer } : 'through');
    await expectToWork(await open());
    expect(notices).toEqual([expect.stringMatching(/does not validate/)]);
  });

  test('may make collections and answer only to a change that it has none', async () => {
    const answer = { ok: 0, errmsg: 'ns not found' };
    proxy.decide = ({ name }) => (name === 'collMod' ? { answer } : 'through');
    await openWithoutValidators();
    await expectToWork(await open());
    expect(notices).toEqual([expect.stringMatching(/does not validate/)]);
  });
});

test('an account that may not change a validator goes on with the one that is there, and says so once', async () => {
  await openWithoutValidators();
  const answer = { ok: 0, code: 13, codeName: 'Unauthorized', errmsg: 'not authorized to execute collMod' };
  proxy.decide = ({ name }) => (name === 'collMod' ? { answer } : 'through');
  await expectToWork(await open());
  expect(notices).toEqual([expect.stringMatching(/may not change how documents are validated/)]);
});

test('collections that are as they should be are only looked at', async () => {
  await (await open()).close();
  const sent: string[] = [];
  const canValidate = notices.length === 0;
  proxy.decide = ({ name }) => {
    sent.push(name);
    return 'through';
  };
  await (await open()).close();
  const changing = ['create', 'createIndexes', 'dropIndexes', ...(canValidate ? ['collMod'] : [])];
  expect(sent.filter((name) => changing.includes(name))).toEqual([]);
  expect(sent).toContain('listIndexes');
});

describe('indexes that are there already', () => {
  const indexesOf = (name: string) => fresh.database.collection(name).indexes();

  test('are made anew where they are unique, as those of earlier versions were', async () => {
    await (await open()).close();
    for (const [collection, name, ...fields] of [
      ['memberships', 'page', 'groupId', 'userId'],
      ['marks', 'first_mark', 'groupId', 'userId', 'upTo'],
    ] as const) {
      const key = Object.fromEntries(fields.map((field) => [field, 1]));
      await fresh.database.collection(collection).dropIndex(name);
      await fresh.database.collection(collection).createIndex(key, { name, unique: true });
    }
    await expectToWork(await open());
    for (const collection of ['memberships', 'marks']) {
      const unique = (await indexesOf(collection)).filter((index) => index.unique === true && index.name !== '_id_');
      expect(unique).toEqual([]);
    }
  });

  test('serve under another name, and go where they have one of ours for other keys', async () => {
    await (await open()).close();
    const timeline = fresh.database.collection('timeline');
    await timeline.dropIndex('page');
    await timeline.dropIndex('search');
    await timeline.createIndex({ groupId: 1, seq: 1 }, { name: 'built beforehand' });
    await timeline.createIndex({ words: 1 }, { name: 'search' });
    await expectToWork(await open());
    expect((await indexesOf('timeline')).map(({ name, key }) => [name, Object.keys(key)]).toSorted()).toEqual([
      ['_id_', ['_id']],
      ['built beforehand', ['groupId', 'seq']],
      ['id', ['messageId', 'groupId']],
      ['search', ['groupId', 'words', 'seq']],
    ]);
  });
});
