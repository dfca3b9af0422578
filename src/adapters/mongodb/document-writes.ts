import type { AnyBulkWriteOperation, Collection, OptionalId } from 'mongodb';
import type { Position } from '../../ports/event-log.ts';
import { type Connection, documentsPerWrite, duplicatesOf, writeMilliseconds } from './connection.ts';

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
  readonly batch: number;
}

/**
 * Writes whole documents, in no order, each once; `isNew` says which are not there as far as is known. None is written
 * over what a later batch has written: that is a success too, for whatever the batch holds is in the later one.
 */
export async function putDocuments<Document extends Written>(
  { connection, batch, requireHeld }: BatchWrite,
  collection: Collection<Document>,
  documents: readonly { readonly document: Document; readonly isNew: boolean }[],
): Promise<void> {
  const untyped = collection as unknown as Collection<Written>;
  const [isNew, isThere] = [true, false].map((wanted) =>
    documents.flatMap((one): Written[] => (one.isNew === wanted ? [one.document] : [])),
  ) as [Written[], Written[]];
  for (const chunk of chunksOf(isNew)) {
    requireHeld();
    const taken = await insert(connection, untyped, chunk);
    // An earlier attempt, or a writer whose lease has run out, was there before.
    isThere.push(...taken.flatMap((index) => chunk[index] ?? []));
  }
  for (const chunk of chunksOf(isThere, connection.updatesPerCommand())) {
    const operations = chunk.map(
      ({ _id, ...replacement }): AnyBulkWriteOperation<Written> => ({
        replaceOne: { filter: { _id, batch: { $lt: batch } }, replacement },
      }),
    );
    requireHeld();
    await connection.run(() => untyped.bulkWrite(operations, { ordered: false }), writeMilliseconds);
  }
}

/** Inserts documents that say the same whoever writes them: those that are there already stay. */
export async function addDocuments<Document extends { readonly _id: string }>(
  { connection, requireHeld }: BatchWrite,
  collection: Collection<Document>,
  documents: readonly Document[],
): Promise<void> {
  for (const chunk of chunksOf(documents)) {
    requireHeld();
    await insert(connection, collection, chunk);
  }
}

/**
 * Writes documents that say the same whoever writes them, and of which later ones replace earlier ones: in any order, and
 * as often as one likes, the one of the highest position stays.
 */
export async function putNewest<Document extends { readonly _id: string; readonly position: Position }>(
  { connection, requireHeld }: BatchWrite,
  collection: Collection<Document>,
  documents: readonly Document[],
): Promise<void> {
  const newest = new Map(documents.toSorted((a, b) => a.position - b.position).map((one) => [one._id, one]));
  const untyped = collection as unknown as Collection<{ readonly _id: string; readonly position: Position }>;
  for (const chunk of chunksOf([...newest.values()])) {
    requireHeld();
    const taken = await insert(connection, collection, chunk);
    if (taken.length === 0) continue;
    const operations = taken.flatMap((index) => {
      const document = chunk[index];
      if (document === undefined) return [];
      const { _id, ...replacement } = document;
      return [{ replaceOne: { filter: { _id, position: { $lt: document.position } }, replacement } }];
    });
    requireHeld();
    await connection.run(() => untyped.bulkWrite(operations, { ordered: false }), writeMilliseconds);
  }
}

/** The places of the inserts whose `_id` was taken. */
async function insert<Document extends { readonly _id: string }>(
  { run }: Connection,
  collection: Collection<Document>,
  documents: readonly Document[],
): Promise<readonly number[]> {
  const operations = documents.map((document) => ({ insertOne: { document: document as OptionalId<Document> } }));
  return run(
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
}

/** Waits for all of them even where one fails: nothing of a batch is under way when the next one begins. */
export async function allSettled(writes: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(writes)) if (result.status === 'rejected') throw result.reason;
}
