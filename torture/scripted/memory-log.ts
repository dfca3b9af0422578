/** An event as EventStoreDB keeps it: bytes, and what it says about them. */
export interface StoredEvent {
  readonly id: string;
  readonly streamName: string;
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

export type AppendAnswer =
  | { readonly kind: 'success'; readonly revision: number; readonly commit: number }
  | { readonly kind: 'wrongVersion'; readonly actualRevision: number };

/** As much of EventStoreDB's log as the scripted server needs. Positions have gaps, as those of a log of bytes do. */
export interface MemoryLog {
  readonly events: readonly StoredEvent[];
  /** `expectedRevision` is -1 for a stream that is missing. */
  append(streamName: string, expectedRevision: number, proposed: readonly ProposedEvent[]): AppendAnswer;
  /** Stores without a check, with a commit that differs from its prepare: as a transaction over TCP did. */
  appendInTransaction(streamName: string, proposed: ProposedEvent): void;
  stream(streamName: string): readonly StoredEvent[];
  onAppended(listener: (events: readonly StoredEvent[]) => void): () => void;
}

export function createMemoryLog(): MemoryLog {
  const events: StoredEvent[] = [];
  const listeners = new Set<(events: readonly StoredEvent[]) => void>();
  const byStream = new Map<string, StoredEvent[]>();

  const stream = (name: string): readonly StoredEvent[] => byStream.get(name) ?? [];

  function store(streamName: string, proposed: readonly ProposedEvent[], commitOffset: number): readonly StoredEvent[] {
    const standing = byStream.get(streamName) ?? [];
    byStream.set(streamName, standing);
    const added = proposed.map((event) => {
      const prepare = (events.at(-1)?.commit ?? 500) + 100 + event.data.length;
      const stored = { ...event, streamName, revision: standing.length, prepare, commit: prepare + commitOffset };
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
      const standing = stream(streamName);
      const place = standing.slice(expectedRevision + 1, expectedRevision + 1 + proposed.length);
      const last = place.at(-1);
      if (last !== undefined && place.length === proposed.length) {
        const isRepetition = place.every(({ id }, index) => id === proposed[index]?.id);
        if (isRepetition) return { kind: 'success', revision: last.revision, commit: last.commit };
      }
      if (standing.length - 1 !== expectedRevision) {
        return { kind: 'wrongVersion', actualRevision: standing.length - 1 };
      }
      const added = store(streamName, proposed, 0).at(-1);
      if (added === undefined) throw new Error('an append of no events');
      return { kind: 'success', revision: added.revision, commit: added.commit };
    },
    appendInTransaction: (streamName, proposed) => {
      store(streamName, [proposed], 40);
    },
    stream,
    onAppended: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
