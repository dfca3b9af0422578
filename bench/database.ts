import { randomBytes } from 'node:crypto';
import { type ServerUrls, withDatabase } from './servers.ts';

/** Tells one run's groups and databases from another's: servers keep what earlier runs have left. */
export const createRunId = (): string => randomBytes(4).toString('hex');

/** The one hot group of a run. An embedded log is the run's own, but one on a server is shared and outlasts the run. */
export const hotGroup = (servers: ServerUrls | undefined): string =>
  servers === undefined ? 'hot' : `hot-${createRunId()}`;

/** An empty database on the servers' MongoDB, under a name that no other has. */
export interface FreshDatabase {
  readonly name: string;
  /** The servers with this database in MongoDB's URL. */
  readonly servers: ServerUrls;
  /** Does not throw: a database that cannot be dropped is told of and stays. */
  drop(): Promise<void>;
}

/** Names it; it comes to be with whatever is written into it first. */
export function freshDatabase({ eventStoreUrl, mongoUrl }: ServerUrls): FreshDatabase {
  const name = `highwater-bench-${createRunId()}`;
  const url = withDatabase(mongoUrl, name);
  return {
    name,
    servers: { eventStoreUrl, mongoUrl: url },
    async drop() {
      // Loaded here, so that the embedded form starts without the driver.
      const { MongoClient } = await import('mongodb');
      const client = new MongoClient(url);
      try {
        await client.db().dropDatabase();
      } catch (error) {
        process.stderr.write(`the database ${name} could not be dropped and stays: ${String(error)}\n`);
      } finally {
        await client.close();
      }
    },
  };
}

/** Runs with a database of its own, which is dropped afterwards. */
export async function inFreshDatabase<Result>(
  servers: ServerUrls,
  run: (servers: ServerUrls) => Promise<Result>,
): Promise<Result> {
  const database = freshDatabase(servers);
  try {
    return await run(database.servers);
  } finally {
    await database.drop();
  }
}
