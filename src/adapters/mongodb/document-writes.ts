import { type AnyBulkWriteOperation, type Collection, MongoBulkWriteError, type OptionalId } from 'mongodb';
import type { Position } from '../../ports/event-log.ts';
import { LeaseLost } from '../../ports/read-models.ts';
import { type Connection, documentsPerWrite, duplicatesOf, writeMilliseconds } from './connection.ts';
import type { Put } from './row-documents.ts';

/** What one batch writes with. */
export interface BatchWrite {
  readonly connection: Connection;
  /** Its number: higher than that of every batch begun before, by whomever. */
  readonly batch: number;
  /** Throws LeaseLost. Asked before every write. */
  readonly requireHeld: () => void;
}

export function* chunksOf<T>(items: readonly T[], size = documentsPerWrite): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

interface Written {
  readonly _id: string;
  readonly groupId: string;
}

/**
 * Writes whole documents, in no order, each once. One that is there as far as is known is replaced, unless a later batch
 * has written it: then, or where it is gone, another is the writer now, and LeaseLost is thrown. So it is where one that
 * should be new is there already, left behind uncommitted.
 */
export async function putDocuments<Document extends Written & { readonly batch: number }>(
  write: BatchWrite,
  collection: Collection<Document>,
  puts: readonly Put<Document>[],
): Promise<void> {
  const added = puts.flatMap(({ document, isNew }) => (isNew ? [document] : []));
  const replaced = puts.flatMap(({ document, isNew }) => (isNew ? [] : [document]));
  replaced.push(...(await addDocuments(write, collection, added)));
  // Its own write, when it is carried out twice, matches too.
  const matched = await replace(write, collection, replaced, { batch: { $lte: write.batch } });
  if (matched < replaced.length) throw new LeaseLost(`a later batch than ${write.batch} has written these documents`);
}

/**
 * Writes documents that say the same whoever writes them, and of which later ones replace earlier ones: in any order, and
 * as often as one likes, the one of the highest position stays.
 */
export async function putNewest<Document extends Written & { readonly position: Position }>(
  write: BatchWrite,
  collection: Collection<Document>,
  documents: readonly Document[],
): Promise<void> {
  const taken = await addDocuments(write, collection, documents);
  await replace(write, collection, taken, ({ position }) => ({ position: { $lt: position } }));
}

/** Inserts documents, and resolves with those whose `_id` was taken: what is there already stays. */
export async function addDocuments<Document extends Written>(
  { connection, requireHeld }: BatchWrite,
  collection: Collection<Document>,
  documents: readonly Document[],
): Promise<Document[]> {
  const taken: Document[] = [];
  for (const chunk of chunksOf(documents)) {
    const operations = chunk.map((document) => ({ insertOne: { document: document as OptionalId<Document> } }));
    requireHeld();
    const places = await connection.run(
      () =>
        collection.bulkWrite(operations, { ordered: false }).then(
          () => [],
          (error: unknown) => {
            const duplicates = duplicatesOf(error);
            if (duplicates === undefined) throw error;
            return duplicates;
          },
        ),
      writeMilliseconds,
    );
    taken.push(...places.flatMap((place) => chunk[place] ?? []));
  }
  return taken;
}

/** Replaces those documents that are as `condition` says, and resolves with how many they were. */
async function replace<Document extends Written>(
  write: BatchWrite,
  collection: Collection<Document>,
  documents: readonly Document[],
  condition: object | ((document: Document) => object),
): Promise<number> {
  const operations = documents.map((document): AnyBulkWriteOperation<Written> => {
    const { _id, ...replacement } = document;
    const { groupId } = document;
    const required = typeof condition === 'function' ? condition(document) : condition;
    return { replaceOne: { filter: { _id, groupId, ...required }, replacement } };
  });
  return update(write, collection as unknown as Collection<Written>, operations);
}

/** Resolves with how many documents matched, or were inserted by an upsert; one whose key is taken is neither. */
export async function update<Document extends { readonly _id: string }>(
  { connection, requireHeld }: BatchWrite,
  collection: Collection<Document>,
  operations: readonly AnyBulkWriteOperation<Document>[],
): Promise<number> {
  let matched = 0;
  for (const chunk of chunksOf(operations, connection.updatesPerCommand())) {
    requireHeld();
    const result = await connection.run(
      () =>
        collection.bulkWrite([...chunk], { ordered: false }).catch((error: unknown) => {
          if (error instanceof MongoBulkWriteError && duplicatesOf(error) !== undefined) return error.result;
          throw error;
        }),
      writeMilliseconds,
    );
    matched += result.matchedCount + result.upsertedCount;
  }
  return matched;
}

/** Waits for all of them even where one fails: nothing of a batch is under way when the next one begins. */
export async function allSettled(writes: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(writes)) if (result.status === 'rejected') throw result.reason;
}
