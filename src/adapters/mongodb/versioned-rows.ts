import type { Collection } from 'mongodb';
import type { Position } from '../../ports/event-log.ts';
import { ReadModelsCorrupt } from '../../ports/read-models.ts';
import { stateAt, tooNew } from './commit-point.ts';
import { type Connection, writeMilliseconds } from './connection.ts';
import { type BatchWrite, chunksOf, putDocuments } from './document-writes.ts';
import type { Collections, Versioned } from './documents.ts';

interface Entry<Key, State> {
  readonly key: Key;
  /** As the group was last committed; undefined where the document was not there. */
  base: State | undefined;
  state: State | undefined;
  /** Whether there is a document, committed or not. */
  isStored: boolean;
}

/** The documents of one collection that a batch changes. */
export interface VersionedRows<Key, State> {
  /** Has the documents of these ids read by the next `load`, unless they are known. */
  need(id: string): void;
  /** Reads what is needed, each as of its group: what an earlier batch has left behind uncommitted counts nothing. */
  load(connection: Connection, appliedTo: (groupId: string) => Position): Promise<void>;
  /** As of all changes so far. A document that was not asked for is taken to be missing. */
  get(id: string): State | undefined;
  keyOf(id: string): Key | undefined;
  set(id: string, key: Key, state: State): void;
  /** Writes what has changed, every document once, with its fields before. */
  write(batch: BatchWrite): Promise<void>;
  /** What was written is committed with its group. */
  commit(): void;
  forget(): void;
  size(): number;
}

export interface VersionedRowsOptions<Key, State extends { readonly position: Position }> {
  readonly collection: keyof Collections;
  readonly keyOf: (document: Key & State) => Key;
  readonly stateOf: (document: Key & State) => State;
  /** Fields that follow from the others, such as what is indexed. */
  readonly derive?: (state: State, previous: State | undefined) => object;
}

export function createVersionedRows<
  Key extends { readonly groupId: string },
  State extends { readonly position: Position },
>({ collection, keyOf, stateOf, derive }: VersionedRowsOptions<Key, State>): VersionedRows<Key, State> {
  type Document = Key & State & Versioned<State>;
  const entries = new Map<string, Entry<Key, State>>();
  const needed = new Set<string>();
  const changed = new Map<string, Entry<Key, State>>();

  // Its documents are those of the key, the state and the version: that is what keyOf and stateOf take them apart by.
  const collectionIn = ({ collections }: Connection) =>
    collections[collection] as unknown as Collection<Versioned<State>>;

  function remember(document: Document, appliedTo: Position): void {
    const shown = stateAt(document, appliedTo);
    if (shown === tooNew) throw new ReadModelsCorrupt(`document ${document._id} is two batches ahead of its group`);
    const base = shown && stateOf(shown);
    entries.set(document._id, { key: keyOf(document), base, state: base, isStored: true });
  }

  return {
    need(id) {
      if (!entries.has(id)) needed.add(id);
    },
    async load(connection, appliedTo) {
      const source = collectionIn(connection);
      for (const ids of chunksOf([...needed])) {
        const wanted = { _id: { $in: [...ids] } };
        const found = await connection.run(() => source.find(wanted).toArray(), writeMilliseconds);
        for (const document of found) remember(document as unknown as Document, appliedTo(document.groupId));
      }
      needed.clear();
    },
    get: (id) => entries.get(id)?.state,
    keyOf: (id) => entries.get(id)?.key,
    set(id, key, state) {
      const entry = entries.get(id) ?? { key, base: undefined, state, isStored: false };
      entry.state = state;
      entries.set(id, entry);
      changed.set(id, entry);
    },
    async write(batch) {
      const documents = [...changed].flatMap(([_id, { key, base, state, isStored }]) => {
        if (state === undefined) return [];
        const version = { _id, batch: batch.batch, previous: base ?? null };
        const document = { ...key, ...state, ...derive?.(state, base), ...version } as Document;
        return [{ document, isNew: !isStored }];
      });
      await putDocuments(batch, collectionIn(batch.connection), documents);
    },
    commit() {
      for (const entry of changed.values()) {
        entry.base = entry.state;
        entry.isStored = true;
      }
      changed.clear();
    },
    forget() {
      entries.clear();
      needed.clear();
      changed.clear();
    },
    size: () => entries.size,
  };
}
