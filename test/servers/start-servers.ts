import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcess } from '../cli/process.ts';
import { type MongoKind, startMongoServer } from './mongo-server.ts';

export interface Servers {
  readonly eventStoreUrl: string;
  readonly mongoUrl: string;
  stop(): Promise<void>;
}

/**
 * An event store and a MongoDB: those that the environment names, or, for each that it does not name, one of our own in a
 * process of its own on a free port of the loopback: the embedded log behind EventStoreDB's protocol, and what stands in
 * for MongoDB.
 */
export async function startServers(mongoKind: MongoKind = 'ferretdb'): Promise<Servers> {
  const { HIGHWATER_EVENTSTORE_URL: eventStore, HIGHWATER_MONGODB_URL: mongo } = process.env;
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const stopOne of stops.splice(0).reverse()) await stopOne();
  };
  try {
    let eventStoreUrl = eventStore;
    if (eventStoreUrl === undefined) {
      const data = await mkdtemp(join(tmpdir(), 'highwater-eventstore-'));
      stops.push(() => rm(data, { recursive: true, force: true }));
      const started = await startProcess(['eventstore', '--data', data, '--port', '0'], {});
      stops.push(() => started.kill());
      eventStoreUrl = started.url;
    }
    let mongoUrl = mongo;
    if (mongoUrl === undefined) {
      const started = await startMongoServer(mongoKind);
      stops.push(() => started.stop());
      mongoUrl = started.url;
    }
    return { eventStoreUrl, mongoUrl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
