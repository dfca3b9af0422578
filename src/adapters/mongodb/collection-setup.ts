import { isDeepStrictEqual } from 'node:util';
import { type Collection, type IndexDescription, type IndexDescriptionInfo, MongoServerError } from 'mongodb';
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
      { key: { groupId: 1, userId: 1 }, name: 'page' },
      { key: { userId: 1, groupId: 1 }, name: 'inbox' },
    ],
    schema: {
      ...versioned,
      ...{ userId: text, name: text, role: { enum: ['owner', 'admin', 'member'] }, active: boolean, joinedAt: text },
      ...{ stays: objects, markedUpTo: number },
    },
  },
  marks: {
    indexes: [{ key: { groupId: 1, userId: 1, upTo: 1 }, name: 'first_mark' }],
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

/** What servers answer: NamespaceExists, NamespaceNotFound, IndexNotFound and Unauthorized. */
const exists = 48;
const notFound = 26;
const indexNotFound = 27;
const unauthorized = 13;
/**
 * CommandNotFound, InvalidOptions, CommandNotSupported, NotImplemented, an unknown field, or no code at all: what a server
 * says that speaks only part of the protocol.
 */
const unknownToServer = [59, 72, 115, 238, 40_415, undefined] as const;

const isServerError = (error: unknown, ...codes: readonly (number | undefined)[]): boolean =>
  error instanceof MongoServerError && codes.some((code) => code === error.code);

/**
 * Makes the collections with their indexes and validators, where they are missing or are others. May be run again, and by
 * several at once; where all is there it only looks, which the role `readWrite` may do as well as all the rest but for
 * changing the validator of a collection that is there. What the server or the account cannot do about validators is told
 * to `onNotice`, once, and left out. Throws ReadModelsUnavailable.
 */
export async function setUpCollections(connection: Connection, onNotice: (notice: string) => void): Promise<void> {
  const there = await validatorsOf(connection);
  const notices = new Set<string>();
  for (const name of builtCollections) {
    // Each has its own type of document, and none of them matters here.
    const collection = connection.collections[name] as unknown as Collection;
    const { schema, indexes } = setups[name];
    const validator = { $jsonSchema: { bsonType: 'object', required: Object.keys(schema), properties: schema } };
    const isThere = there.has(collection.collectionName);
    if (!notices.has(noValidators) && !isDeepStrictEqual(there.get(collection.collectionName), validator)) {
      const notice = await connection.run(() => setValidator(collection, validator, isThere), writeMilliseconds);
      if (notice !== undefined) notices.add(notice);
    }
    await setIndexes(connection, collection, indexes);
  }
  for (const notice of notices) onNotice(notice);
}

/** The collections of the database by name, with what their documents are validated by. */
async function validatorsOf({ collections, run }: Connection): Promise<ReadonlyMap<string, unknown>> {
  const { db } = collections.groups;
  const found = await run(() => db.listCollections().toArray());
  return new Map(found.map((one) => [one.name, 'options' in one ? one.options?.['validator'] : undefined]));
}

const noValidators = 'this server does not validate documents: it is left to the writer alone';
const noRightToValidators =
  'this account may not change how documents are validated, which the role dbAdmin may: it stays as it is';

/** What is to be said where it cannot be set. */
async function setValidator(
  { db, collectionName }: Collection,
  validator: object,
  isThere: boolean,
): Promise<string | undefined> {
  try {
    if (isThere) await db.command({ collMod: collectionName, validator });
    else await db.createCollection(collectionName, { validator }).catch(ignoring(exists));
    return undefined;
  } catch (error) {
    if (isServerError(error, ...unknownToServer)) return noValidators;
    if (isThere && isServerError(error, unauthorized)) return noRightToValidators;
    throw error;
  }
}

/**
 * An index of the same keys serves, whatever its name: somebody may have built it beforehand. One that is in the way, of
 * another kind or with the name of ours, is dropped: earlier versions had unique ones, which say no more than `_id` does
 * and which a sharded collection cannot have.
 */
async function setIndexes(
  { run }: Connection,
  collection: Collection,
  wanted: readonly IndexDescription[],
): Promise<void> {
  if (wanted.length === 0) return;
  const there = await run(() => collection.indexes().catch(without(notFound, [])), writeMilliseconds);
  const missing = wanted.filter(({ key }) => !there.some((one) => isPlain(one) && hasKeys(one, key)));
  for (const { key, name } of missing) {
    for (const one of there.filter((one) => one.name === name || (hasKeys(one, key) && !isAnother(one)))) {
      const drop = () => collection.dropIndex(one.name ?? '').then(() => {}, ignoring(indexNotFound));
      await run(drop, writeMilliseconds);
    }
  }
  // Only those: FerretDB 1.24 breaks the connection off when several that it has already come together.
  if (missing.length > 0) await run(() => collection.createIndexes([...missing]), writeMilliseconds);
}

const hasKeys = (index: IndexDescriptionInfo, key: IndexDescription['key']): boolean =>
  JSON.stringify(Object.entries(index.key)) === JSON.stringify(Object.entries(key));

/** Beside such a one of the same keys a server may have one for all documents and plain comparisons. */
const isAnother = ({ collation, partialFilterExpression }: IndexDescriptionInfo): boolean =>
  collation !== undefined || partialFilterExpression !== undefined;

const isPlain = (index: IndexDescriptionInfo): boolean =>
  index.unique !== true && index.sparse !== true && !isAnother(index);

const without =
  <T>(code: number, instead: T) =>
  (error: unknown): T => {
    if (!isServerError(error, code)) throw error;
    return instead;
  };

const ignoring = (code: number) => without(code, undefined);

/** Throws the documents away; whoever reads meanwhile is told by the checkpoint that they are being built. */
export async function dropCollections({ collections, run }: Connection): Promise<void> {
  for (const name of builtCollections) {
    await run(async () => void (await collections[name].drop().catch(ignoring(notFound))), writeMilliseconds);
  }
}
