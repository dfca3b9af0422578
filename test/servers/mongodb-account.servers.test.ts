import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openMongoReadModelWriter } from '../../src/adapters/mongodb/read-model-writer.ts';
import { openMongoReadModels } from '../../src/adapters/mongodb/read-models.ts';
import { History } from '../contract/read-models-history.ts';
import { type MongoServer, startMongoServer } from './mongo-server.ts';

/** On a server with accounts, of which there is one kind to be had here: Highwater's has the role that the manual names. */
let server: MongoServer;
let administrator: MongoClient;

/** What mongod's role of that name may do, by its manual; this server's own may change validators as well. */
const readWrite = [
  ...['collStats', 'convertToCapped', 'createCollection', 'dbHash', 'dbStats', 'dropCollection', 'createIndex'],
  ...['dropIndex', 'find', 'insert', 'killCursors', 'listIndexes', 'listCollections', 'remove'],
  ...['renameCollectionSameDB', 'update'],
];

/** Everybody's password is their name. */
function as(userName: string): string {
  const url = new URL('/highwater?authSource=admin', server.url);
  return String(Object.assign(url, { username: userName, password: userName }));
}

beforeAll(async () => {
  server = await startMongoServer('secantusdb', { withAccounts: true });
  administrator = new MongoClient(as('root'));
  const resource = { db: 'highwater', collection: '' };
  const privileges = [{ resource, actions: readWrite }];
  const roles = [{ role: 'readWriteOfMongod', db: 'admin' }];
  await administrator.db('admin').command({ createRole: 'readWriteOfMongod', privileges, roles: [] });
  await administrator.db('admin').command({ createUser: 'highwater', pwd: 'highwater', roles });
});
afterAll(async () => {
  await administrator.close();
  await server.stop();
});

async function open(notices: string[]) {
  const abort = new AbortController();
  return openMongoReadModelWriter({
    ...{ url: as('highwater'), holder: 'test', signal: abort.signal },
    onNotice: (notice) => notices.push(notice),
    onWaiting: (reason) => abort.abort(new Error(`it would wait: ${reason}`)),
  });
}

test('readWrite is all that Highwater needs in its database, at the first start and at every other', async () => {
  const notices: string[] = [];
  const history = new History().create('g', 'Group', ['ada', 'bob']).send('g', 'ada', 'one').mark('g', 'bob', 1);
  for (const start of [1, 2, 3]) {
    const writer = await open(notices);
    await history.edit('g', 1, `start ${start}`).apply(writer);
    await writer.close();
  }
  const readModels = await openMongoReadModels({ url: as('highwater') });
  expect(await readModels.messages('g', ['g-1'])).toMatchObject([{ text: 'start 3' }]);
  await readModels.close();
  expect(notices).toEqual([]);
});

test('of a validator that it may not change it says so, and goes on', async () => {
  const notices: string[] = [];
  await (await open([])).close();
  await administrator.db('highwater').command({ collMod: 'marks', validator: {} });
  await (await open(notices)).close();
  expect(notices).toEqual([expect.stringMatching(/may not change how documents are validated/)]);
});

test('nobody else is let in', async () => {
  const readModels = await openMongoReadModels({ url: as('stranger') });
  await expect(readModels.checkpoint()).rejects.toThrow(/refuses the credentials/);
  await readModels.close();
});
