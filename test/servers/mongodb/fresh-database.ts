import { randomUUID } from 'node:crypto';
import { type Db, MongoClient } from 'mongodb';

export interface FreshDatabase {
  /** With the database in its path. */
  readonly url: string;
  /** The driver's own view of it. */
  readonly database: Db;
  /** Drops it. */
  drop(): Promise<void>;
}

/** A database that nobody else uses, on the server of the tests. Its URL names one host: a proxy can stand before it. */
export function freshDatabase(server = process.env['HIGHWATER_MONGODB_URL'] ?? ''): FreshDatabase {
  const url = new URL(server);
  // Without it, accounts would be looked for in the database of the path.
  if (url.username !== '' && !url.searchParams.has('authSource')) {
    url.searchParams.set('authSource', url.pathname.slice(1) || 'admin');
  }
  url.pathname = `/highwater-test-${randomUUID().slice(0, 13)}`;
  const client = new MongoClient(String(url));
  const database = client.db();
  return {
    url: String(url),
    database,
    async drop() {
      await database.dropDatabase();
      await client.close();
    },
  };
}
