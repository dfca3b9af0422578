import { randomUUID } from 'node:crypto';

/** An event as EventStoreDB keeps it: bytes, and what it says about them. */
export interface StoredEvent {
  readonly id: string;
  readonly streamName: string;
  /** `tombstoneRevision` of the mark that stands for a deleted stream. */
  readonly revision: number;
  /** Both halves are the same for everything that is appended over gRPC. */
  readonly commit: number;
  readonly prepare: number;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

export type ProposedEvent = Pick<StoredEvent, 'id' | 'type' | 'contentType' | 'data' | 'metadata'>;

/** What an append to a stream that is not deleted comes to. */
export type CheckedAnswer =
  | { readonly kind: 'success'; readonly revision: number; readonly commit: number }
  | { readonly kind: 'wrongVersion'; readonly actualRevision: number };
export type AppendAnswer = CheckedAnswer | { readonly kind: 'deleted' };

/** 2^63 - 1 as a number, which is not exact. */
export const tombstoneRevision = Number(2n ** 63n - 1n);

/** As much of EventStoreDB's log as the scripted server needs. Positions have gaps, as those of a log of bytes do. */
export interface MemoryLog {
  readonly events: readonly StoredEvent[];
  /** `expectedRevision` is -1 for a stream that is missing. */
  append(streamName: string, expectedRevision: number, proposed: readonly ProposedEvent[]): AppendAnswer;
  /** Stores without a check, with a commit that differs from its prepare: as a transaction over TCP did. */
  appendInTransaction(streamName: string, proposed: ProposedEvent): void;
  /** What a read of the stream shows. */
  stream(streamName: string): readonly StoredEvent[];
  isDeleted(streamName: string): boolean;
  /** Deletes the stream for good: it cannot be read or appended to any more, and $all says so by an event of its own. */
  tombstone(streamName: string): void;
  /** What an operator sets as `truncateBefore`, deletes though not for good (all there is), or lets come about by `maxAge` or `maxCount`: reads begin there. */
  truncateBefore(streamName: string, revision: number): void;
  /** Takes out of $all what streams do not show any more. */
  scavenge(): void;
  onAppended(listener: (events: readonly StoredEvent[]) => void): () => void;
}

const tombstone = { type: '$streamDeleted', contentType: 'application/octet-stream' };

export function createMemoryLog(): MemoryLog {
  const events: StoredEvent[] = [];
  const listeners = new Set<(events: readonly StoredEvent[]) => void>();
  const byStream = new Map<string, StoredEvent[]>();
  const cuts = new Map<string, number>();
  const deleted = new Set<string>();

  /** With what is not shown: revisions go on after it. */
  const whole = (name: string): readonly StoredEvent[] => byStream.get(name) ?? [];
  const isShown = ({ streamName, revision }: StoredEvent): boolean =>
    deleted.has(streamName) ? revision === tombstoneRevision : revision >= (cuts.get(streamName) ?? 0);

  function store(streamName: string, proposed: readonly ProposedEvent[], commitOffset: number): readonly StoredEvent[] {
    const standing = byStream.get(streamName) ?? [];
    byStream.set(streamName, standing);
    const added = proposed.map((event) => {
      const prepare = (events.at(-1)?.commit ?? 500) + 100 + event.data.length;
      const revision = deleted.has(streamName) ? tombstoneRevision : standing.length;
      const stored = { ...event, streamName, revision, prepare, commit: prepare + commitOffset };
      standing.push(stored);
      events.push(stored);
      return stored;
    });
    for (const listener of [...listeners]) listener(added);
    return added;
  }

  return {
    events,
    append: (streamName, expectedRevision, proposed) => {
      if (deleted.has(streamName)) return { kind: 'deleted' };
      const standing = whole(streamName);
      const place = standing.slice(expectedRevision + 1, expectedRevision + 1 + proposed.length);
      const last = place.at(-1);
      if (last !== undefined && place.length === proposed.length) {
        const isRepetition = place.every(({ id }, index) => id === proposed[index]?.id);
        if (isRepetition) return { kind: 'success', revision: last.revision, commit: last.commit };
      }
      // One that was deleted, though not for good, counts as missing, and goes on with its revisions.
      const isRevived = expectedRevision === -1 && !standing.some(isShown);
      if (standing.length - 1 !== expectedRevision && !isRevived) {
        return { kind: 'wrongVersion', actualRevision: standing.length - 1 };
      }
      const added = store(streamName, proposed, 0).at(-1);
      if (added === undefined) throw new Error('an append of no events');
      return { kind: 'success', revision: added.revision, commit: added.commit };
    },
    appendInTransaction: (streamName, proposed) => {
      store(streamName, [proposed], 40);
    },
    stream: (name) => whole(name).filter(isShown),
    isDeleted: (streamName) => deleted.has(streamName),
    tombstone: (streamName) => {
      deleted.add(streamName);
      const nothing = new Uint8Array();
      store(streamName, [{ ...tombstone, id: randomUUID(), data: nothing, metadata: nothing }], 0);
    },
    truncateBefore: (streamName, revision) => {
      cuts.set(streamName, revision);
    },
    scavenge: () => {
      events.splice(0, events.length, ...events.filter(isShown));
    },
    onAppended: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
