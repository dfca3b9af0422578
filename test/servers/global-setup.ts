import { MongoClient } from 'mongodb';
import type { TestProject } from 'vitest/node';
import { startServers } from './start-servers.ts';
import { mongoKindOf } from './test-projects.ts';

/**
 * The servers that the environment names, which must be there, or some of our own: which MongoDB, the project
 * says. `use-servers.ts` hands them to the tests.
 */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const mongoKind = mongoKindOf(project.name);
  const servers = await startServers(mongoKind === 'named' ? undefined : mongoKind);
  try {
    await requireMongo(servers.mongoUrl);
  } catch (error) {
    await servers.stop();
    throw error;
  }
  project.provide('mongoKind', mongoKind);
  project.provide('mongoUrl', servers.mongoUrl);
  project.provide('eventStoreUrl', servers.eventStoreUrl);
  return servers.stop;
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
