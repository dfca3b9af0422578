import { MongoClient } from 'mongodb';
import { startServers } from './start-servers.ts';

const names = ['HIGHWATER_EVENTSTORE_URL', 'HIGHWATER_MONGODB_URL'] as const;

/**
 * The servers that the environment names, which must be there, or some of our own. Tests find their URLs in the same
 * variables.
 */
export default async function setUp(): Promise<() => Promise<void>> {
  const named = names.map((name) => process.env[name]);
  const servers = await startServers();
  try {
    await requireMongo(servers.mongoUrl);
  } catch (error) {
    await servers.stop();
    throw error;
  }
  process.env['HIGHWATER_EVENTSTORE_URL'] = servers.eventStoreUrl;
  process.env['HIGHWATER_MONGODB_URL'] = servers.mongoUrl;
  return async () => {
    for (const [index, name] of names.entries()) {
      if (named[index] === undefined) delete process.env[name];
    }
    await servers.stop();
  };
}

async function requireMongo(url: string): Promise<void> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 10_000 });
  try {
    await client.db().command({ ping: 1 });
  } catch (error) {
    throw new Error('the MongoDB that HIGHWATER_MONGODB_URL names does not answer', { cause: error });
  } finally {
    await client.close();
  }
}
