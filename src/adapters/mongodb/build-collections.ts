import { type Collection, type Db, type IndexDescription, MongoServerError } from 'mongodb';
import { BuildGone } from '../../ports/read-model-builds.ts';
import { collectionIdentities } from './collection-identities.ts';
import { type Connection, writeMilliseconds } from './connection.ts';
import { type Built, collectionNamesOf } from './documents.ts';

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
      // Equality on group and word, then in order: the search sorts nothing, in one group or in several.
      { key: { groupId: 1, words: 1, sentPosition: -1 }, name: 'search' },
    ],
    schema: {
      ...versioned,
      ...{ messageId: text, seq: number, authorId: text, text: textOrNull, sentAt: text, editedAt: textOrNull },
      ...{
        deletedAt: textOrNull,
        sentHash: textOrNull,
        replyTo: textOrNull,
        mentions: texts,
        mentionsAll: boolean,
        audienceCount: number,
      },
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
      ...{
        groupId: text,
        name: text,
        createdAt: textOrNull,
        memberCount: number,
        lastSeq: number,
        lastMessageAt: textOrNull,
        lastAt: textOrNull,
        creationHash: textOrNull,
      },
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
  memberNames: {
    indexes: [{ key: { groupId: 1, nameKey: 1, userId: 1 }, name: 'prefix' }],
    schema: { groupId: text, userId: text, nameKey: text, position: place },
  },
  marks: {
    indexes: [{ key: { groupId: 1, userId: 1, upTo: 1 }, name: 'first_mark' }],
    schema: { groupId: text, userId: text, upTo: number, at: text },
  },
  reactions: {
    // By message, and by who stands behind one emoji.
    indexes: [{ key: { groupId: 1, seq: 1, emoji: 1, userId: 1 }, name: 'message' }],
    schema: { ...versioned, seq: number, userId: text, emoji: text, present: boolean },
  },
  reactionCounts: { indexes: [], schema: { ...versioned, seq: number, counts: objects } },
  mentions: {
    indexes: [
      { key: { userId: 1, position: -1, groupId: 1 }, name: 'page' },
      { key: { userId: 1, groupId: 1, seq: 1 }, name: 'unread' },
    ],
    schema: { userId: text, position: place, groupId: text, seq: number },
  },
  mentionsOfAll: {
    indexes: [
      { key: { groupId: 1, position: -1, seq: 1 }, name: 'page' },
      { key: { groupId: 1, seq: 1 }, name: 'unread' },
    ],
    schema: { position: place, groupId: text, seq: number, authorId: text },
  },
  commands: {
    indexes: [],
    schema: { groupId: text, actorId: text, commandId: text, digest: text, addedUpTo: textOrNull, position: place },
  },
  readCounts: {
    indexes: [{ key: { groupId: 1, block: 1 }, name: 'page' }],
    schema: { groupId: text, block: number, position: place, ranges: objects },
  },
};

/** NamespaceExists. */
const exists = 48;
/**
 * CommandNotFound, InvalidOptions, CommandNotSupported, NotImplemented, an unknown field, or no code at all: what a server
 * says that speaks only part of the protocol.
 */
const unknownToServer: ReadonlySet<number | string | undefined> = new Set([59, 72, 115, 238, 40_415, undefined]);

/**
 * Makes a build's collections with their indexes and validators, and says in its document that it did. May be run again,
 * and by several at once. A server without validators goes without, and `onNotice` is told. Throws BuildGone.
 */
export async function makeCollections(connection: Connection, onNotice: (notice: string) => void): Promise<void> {
  const { build, collections, database, run } = connection;
  let validates = true;
  for (const [name, { schema, indexes }] of Object.entries(setups) as [Built, Setup][]) {
    // Each has its own type of document, and none of them matters here.
    const collection = collections[name] as unknown as Collection;
    validates = await run(
      () => createCollection(database, collection, validates ? schema : undefined),
      writeMilliseconds,
    );
    // One at a time: FerretDB 1.24 breaks the connection off when several that it has already come together.
    for (const index of indexes) await run(() => collection.createIndexes([index]), writeMilliseconds);
  }
  if (!validates) onNotice('this server does not validate documents: it is left to the writer alone');
  const identities = Object.fromEntries(await run(() => collectionIdentities(database, collectionNamesOf(build))));
  const change = { $set: { made: true, identities, changedAt: new Date() } };
  const { matchedCount } = await run(() => collections.builds.updateOne({ _id: build }, change), writeMilliseconds);
  if (matchedCount === 0) throw new BuildGone(`build ${build} was discarded while it was made`);
}

/** Creates the collection where it is missing. False where it has no validator, and where the server has none. */
async function createCollection(
  database: Db,
  { collectionName }: Collection,
  properties: Setup['schema'] | undefined,
): Promise<boolean> {
  const schema = { bsonType: 'object', required: Object.keys(properties ?? {}), properties };
  try {
    await database.createCollection(collectionName, properties && { validator: { $jsonSchema: schema } });
  } catch (error) {
    if (!(error instanceof MongoServerError)) throw error;
    if (error.code === exists) return properties !== undefined;
    if (properties === undefined || !unknownToServer.has(error.code)) throw error;
    return createCollection(database, { collectionName } as Collection, undefined);
  }
  return properties !== undefined;
}
