import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { History } from '../contract/read-models-history.ts';
import { type MongoServer, startMongoServer } from './mongo-server.ts';
import { openBuilds, openWriter } from './mongodb/open-build.ts';

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

test('readWrite is all that Highwater needs in its database, to make, write, read, serve and discard builds', async () => {
  const notices: string[] = [];
  const history = new History().create('g', 'Group', ['ada', 'bob']).send('g', 'ada', 'one').mark('g', 'bob', 1);
  const builds = openBuilds(as('highwater'), { onNotice: (notice) => void notices.push(notice) });
  const first = await builds.create();
  for (const start of [1, 2, 3]) {
    const writer = await openWriter(as('highwater'), first);
    await history.edit('g', 1, `start ${start}`).apply(writer);
    await writer.close();
  }
  expect(await builds.serve(undefined, first)).toBe(true);
  const readModels = await builds.openReadModels(first);
  expect(await readModels.messages('g', ['g-1'])).toMatchObject([{ text: 'start 3' }]);
  await readModels.close();
  expect(await builds.serve(first, await builds.create())).toBe(true);
  await builds.discard(first);
  await builds.close();
  expect(notices).toEqual([]);
});

test('nobody else is let in', async () => {
  const builds = openBuilds(as('stranger'));
  await expect(builds.served()).rejects.toThrow(/refuses the credentials/);
  await builds.close();
});
