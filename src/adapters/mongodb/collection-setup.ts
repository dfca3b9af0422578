import { type Collection, type IndexDescription, MongoServerError } from 'mongodb';
import { type Connection, writeMilliseconds } from './connection.ts';
import type { Collections } from './documents.ts';

/** The collections that are thrown away when the read models are built anew: all but the checkpoint and the leases. */
type Built = Exclude<keyof Collections, 'checkpoints' | 'leases'>;

interface Setup {
  /** Every query of the port goes by one of these or by `_id`. */
  readonly indexes: readonly IndexDescription[];
  /** What the server makes sure of, where it can. */
  readonly schema: Readonly<Record<string, object>>;
}

const text = { bsonType: 'string' };
const textOrNull = { bsonType: ['string', 'null'] };
const number = { bsonType: 'number', minimum: 0 };
/** -1 stands for nothing yet. */
const place = { bsonType: 'number', minimum: -1 };
const boolean = { bsonType: 'bool' };
const texts = { bsonType: 'array', items: text };
const objects = { bsonType: 'array', items: { bsonType: 'object' } };
const versioned = { groupId: text, position: place, batch: number, previous: { bsonType: ['object', 'null'] } };

const setups: Readonly<Record<Built, Setup>> = {
  timeline: {
    indexes: [
      { key: { groupId: 1, seq: 1 }, name: 'page' },
      { key: { messageId: 1, groupId: 1 }, name: 'id' },
      // Equality on a word, then in order: the search sorts nothing.
      { key: { groupId: 1, words: 1, seq: -1 }, name: 'search' },
    ],
    schema: {
      ...versioned,
      ...{ messageId: text, seq: number, authorId: text, text: textOrNull, sentAt: text, editedAt: textOrNull },
      ...{ deletedAt: textOrNull, replyTo: textOrNull, mentions: texts, mentionsAll: boolean, audienceCount: number },
      sentPosition: place,
      words: texts,
    },
  },
  groups: {
    indexes: [
      { key: { uncounted: 1, _id: 1 }, name: 'to_count' },
      { key: { haltedAt: 1, _id: 1 }, name: 'halted' },
    ],
    schema: {
      ...{ name: text, createdAt: textOrNull, memberCount: number, lastSeq: number, lastMessageAt: textOrNull },
      ...{ version: place, readsVersion: place, activityPosition: place, countsPosition: place, uncounted: boolean },
      ...{ position: place, appliedTo: place, batch: number },
      ...{ haltedAt: { bsonType: ['number', 'null'] }, haltReason: textOrNull },
    },
  },
  memberships: {
    indexes: [
      { key: { groupId: 1, userId: 1 }, name: 'page', unique: true },
      { key: { userId: 1, groupId: 1 }, name: 'inbox' },
    ],
    schema: {
      ...versioned,
      ...{ userId: text, name: text, role: { enum: ['owner', 'admin', 'member'] }, active: boolean, joinedAt: text },
      ...{ stays: objects, markedUpTo: number },
    },
  },
  marks: {
    indexes: [{ key: { groupId: 1, userId: 1, upTo: 1 }, name: 'first_mark', unique: true }],
    schema: { groupId: text, userId: text, upTo: number, at: text },
  },
  reactions: {
    indexes: [{ key: { groupId: 1, seq: 1 }, name: 'message' }],
    schema: { ...versioned, seq: number, userId: text, emoji: text, present: boolean, firstPosition: place },
  },
  reactionCounts: { indexes: [], schema: { ...versioned, seq: number, counts: objects } },
  mentions: {
    indexes: [{ key: { userId: 1, position: -1, groupId: 1 }, name: 'page' }],
    schema: { userId: text, position: place, groupId: text, seq: number },
  },
  mentionsOfAll: {
    indexes: [{ key: { groupId: 1, position: -1, seq: 1 }, name: 'page' }],
    schema: { position: place, groupId: text, seq: number, authorId: text },
  },
  commands: {
    indexes: [],
    schema: { groupId: text, actorId: text, commandId: text, digest: text, addedUpTo: textOrNull, position: place },
  },
  readCounts: { indexes: [], schema: { position: place, ranges: objects } },
};

export const builtCollections = Object.keys(setups) as readonly Built[];

/** NamespaceExists and NamespaceNotFound. */
const exists = 48;
const notFound = 26;
/** CommandNotFound and NotImplemented: what a server says that speaks only part of the protocol. */
const unknownToServer: ReadonlySet<number | string | undefined> = new Set([59, 238]);

const isServerError = (error: unknown, codes: ReadonlySet<number | string | undefined>): boolean =>
  error instanceof MongoServerError && codes.has(error.code);

/**
 * Makes the collections with their indexes and validators, where they are missing. May be run again, and by several at
 * once. A server without validators goes without, and `onNotice` is told.
 */
export async function setUpCollections(connection: Connection, onNotice: (notice: string) => void): Promise<void> {
  let validates = true;
  for (const name of builtCollections) {
    // Each has its own type of document, and none of them matters here.
    const collection = connection.collections[name] as unknown as Collection;
    const { schema, indexes } = setups[name];
    if (validates) validates = await connection.run(() => setValidator(collection, schema), writeMilliseconds);
    // One at a time: FerretDB 1.24 breaks the connection off when several that it has already come together.
    for (const index of indexes) await connection.run(() => collection.createIndexes([index]), writeMilliseconds);
  }
  if (!validates) onNotice('this server does not validate documents: it is left to the writer alone');
}

/** False where the server has no validators. */
async function setValidator(collection: Collection, properties: Setup['schema']): Promise<boolean> {
  const validator = { $jsonSchema: { bsonType: 'object', required: Object.keys(properties), properties } };
  const { db, collectionName } = collection;
  try {
    await db.createCollection(collectionName, { validator }).catch(ignoring(exists));
    await db.command({ collMod: collectionName, validator });
    return true;
  } catch (error) {
    if (isServerError(error, unknownToServer)) return false;
    throw error;
  }
}

const ignoring =
  (code: number) =>
  (error: unknown): void => {
    if (!isServerError(error, new Set([code]))) throw error;
  };

/** Throws the documents away; whoever reads meanwhile is told by the checkpoint that they are being built. */
export async function dropCollections({ collections, run }: Connection): Promise<void> {
  for (const name of builtCollections) {
    await run(async () => void (await collections[name].drop().catch(ignoring(notFound))), writeMilliseconds);
  }
}
