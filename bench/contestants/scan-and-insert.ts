import { EventStoreDBClient, START, streamNameFilter } from '@eventstore/db-client';
import {
  type Collection,
  type CreateCollectionOptions,
  type Document,
  type IndexDescription,
  MongoClient,
} from 'mongodb';
import { openEventStoreLog } from '../../src/adapters/eventstoredb/event-log.ts';
import { streamPrefixes } from '../../src/events/stream-name.ts';
import { answer, contestantOptions } from '../child.ts';
import { requireServers, withDatabase } from '../servers.ts';
import type { ScanResult } from './scan-and-write.ts';

export interface ScanAndInsertOptions {
  /** The name of a database with read models that were built from the log: what is to be written. */
  readonly reference: string;
}

/**
 * What a rebuild on servers cannot do without: every event brought by the client's own subscription, which parses its
 * JSON, and every document of the finished read models inserted once, into collections with the same indexes. The
 * documents are in memory before the clock starts.
 */
const { reference } = contestantOptions<ScanAndInsertOptions>();
const { eventStoreUrl, mongoUrl } = requireServers();
const documentsPerInsert = 10_000;
const insertsUnderWay = 4;
/** How far the projector has come and who it is: no read models. */
const bookkeeping = ['checkpoints', 'leases'];
/** As strict as what the product's own writes are acknowledged by. */
const writeConcern = { w: 'majority', journal: true } as const;

const collections = await readCollections();
const end = await endOfLog();
const client = EventStoreDBClient.connectionString(eventStoreUrl);
const target = new MongoClient(mongoUrl, { writeConcern });
const started = performance.now();
const events = await scan();
const scanned = performance.now();
for (const collection of collections) await write(collection);
const finished = performance.now();
await target.close();
await client.dispose();
const result: ScanResult = {
  seconds: (finished - started) / 1_000,
  scanSeconds: (scanned - started) / 1_000,
  events,
};
answer(result);

interface Finished {
  readonly name: string;
  readonly options: CreateCollectionOptions;
  readonly indexes: readonly IndexDescription[];
  readonly documents: Document[];
}

async function readCollections(): Promise<readonly Finished[]> {
  const source = new MongoClient(withDatabase(mongoUrl, reference));
  const found: Finished[] = [];
  for (const { name, options = {} } of await source.db().listCollections({}, { nameOnly: false }).toArray()) {
    if (bookkeeping.includes(name)) continue;
    const collection = source.db().collection(name);
    const indexes = (await collection.indexes()).filter((index) => index.name !== '_id_');
    const documents = await collection.find().toArray();
    const { validator } = options;
    found.push({
      name,
      options: validator === undefined ? {} : { validator },
      indexes: indexes.map(asIndex),
      documents,
    });
  }
  await source.close();
  if (found.every(({ documents }) => documents.length === 0)) throw new Error(`${reference} holds no documents`);
  return found;
}

/** Without what the server adds to it. */
function asIndex({ key, name, unique }: Document): IndexDescription {
  return { key, name, ...(unique === true && { unique }) };
}

async function endOfLog(): Promise<number> {
  const log = await openEventStoreLog({ url: eventStoreUrl });
  const position = await log.endPosition();
  await log.close();
  return position;
}

async function scan(): Promise<number> {
  const filter = streamNameFilter({ prefixes: [...streamPrefixes], maxSearchWindow: 1_000 });
  const subscription = client.subscribeToAll({ fromPosition: START, filter });
  let count = 0;
  for await (const { event } of subscription) {
    if (event === undefined) continue;
    count += 1;
    if (Number(event.position?.commit) >= end) break;
  }
  await subscription.unsubscribe();
  return count;
}

async function write({ name, options, indexes, documents }: Finished): Promise<void> {
  const collection = await target.db().createCollection(name, options);
  // One at a time: not every server that speaks the protocol takes several.
  for (const index of indexes) await collection.createIndexes([index]);
  let next = 0;
  const insertSome = async () => {
    while (next < documents.length) {
      const from = next;
      next += documentsPerInsert;
      await insert(collection, documents.slice(from, next));
    }
  };
  await Promise.all(Array.from({ length: insertsUnderWay }, insertSome));
}

async function insert(collection: Collection, documents: Document[]): Promise<void> {
  const { insertedCount } = await collection.insertMany(documents, { ordered: false });
  if (insertedCount !== documents.length) throw new Error(`${insertedCount} of ${documents.length} were inserted`);
}
