import type { DecodedEvent } from '../events/codec.ts';
import { decodeRecorded } from '../events/decode-recorded.ts';
import type { StreamName } from '../events/stream-name.ts';
import { type EventLog, noStream, type Position, type RecordedEvent, type Version } from '../ports/event-log.ts';

/** A stream's state as of one version, with the position of the event that made it so. */
export interface Warm<State> {
  readonly state: State;
  readonly version: Version;
  readonly position: Position;
}

interface Entry<State> {
  warm: Warm<State> | undefined;
  loading: Promise<void> | undefined;
  /** The newest version that came by the live feed. */
  followedTo: Version;
  holds: number;
}

export interface WarmStreamsOptions<State> {
  readonly log: EventLog;
  readonly streamName: (id: string) => StreamName;
  /** Folds an event at `position`, or at one before it that this process does not know: see EventOrigin. */
  readonly evolve: (state: State, decoded: DecodedEvent, position: Position) => State;
  /** Where a cold stream starts: a snapshot of the read models, or the initial state before the first version. */
  readonly snapshot: (id: string) => Promise<Warm<State>>;
  /** How much memory a state takes, in any unit. */
  readonly weigh: (state: State) => number;
  /** All states together weigh at most this much; the least recently used are let go first. */
  readonly capacity: number;
}

/**
 * The states of the streams that commands are about, kept warm while they are used. Each is a fold of its stream up to a
 * version and nothing else, so it may be dropped at any time and advanced by whoever sees the next event first.
 */
export interface WarmStreams<State> {
  /** The state, loaded first where it is cold. At least as new as every append that this process has been answered. */
  warm(id: string): Promise<Warm<State>>;
  /** The state if it is warm. */
  peek(id: string): Warm<State> | undefined;
  /** Replaces the state by one that folds the same events, with more or less of them remembered. */
  replace(id: string, change: (warm: Warm<State>) => State): void;
  /** Folds what this process has appended at `expectedVersion`. `position` is that of the last event. */
  advance(id: string, expectedVersion: Version, events: readonly DecodedEvent[], position: Position): void;
  /** Folds an event that came by the live feed, when it is the next one of a warm stream. */
  follow(id: string, recorded: RecordedEvent, decoded: DecodedEvent): void;
  /** Folds what the log holds beyond the warm version. */
  readOn(id: string): Promise<void>;
  forget(id: string): void;
  /** Keeps the stream warm until the returned function is called. */
  hold(id: string): () => void;
}

const pageSize = 1_000;

export function createWarmStreams<State>(options: WarmStreamsOptions<State>): WarmStreams<State> {
  const { log, streamName, evolve, snapshot, weigh, capacity } = options;
  // In the order of their last use.
  const entries = new Map<string, Entry<State>>();
  let weight = 0;

  function touch(id: string): Entry<State> {
    const entry = entries.get(id) ?? { warm: undefined, loading: undefined, followedTo: noStream, holds: 0 };
    entries.delete(id);
    entries.set(id, entry);
    return entry;
  }

  function set(id: string, entry: Entry<State>, warm: Warm<State>): void {
    if (entries.get(id) !== entry) return;
    weight += weigh(warm.state) - (entry.warm === undefined ? 0 : weigh(entry.warm.state));
    entry.warm = warm;
    for (const [oldestId, oldest] of entries) {
      if (weight <= capacity) return;
      if (oldest !== entry && oldest.holds === 0 && oldest.loading === undefined) drop(oldestId);
    }
  }

  function drop(id: string): void {
    const entry = entries.get(id);
    if (entry?.warm !== undefined) weight -= weigh(entry.warm.state);
    entries.delete(id);
  }

  async function readTail(id: string, entry: Entry<State>): Promise<void> {
    while (entry.warm !== undefined && entries.get(id) === entry) {
      const from = entry.warm.version + 1;
      const page = await log.readStream(streamName(id), from, pageSize);
      let warm = entry.warm;
      for (const recorded of page) {
        if (recorded.version !== warm.version + 1) continue;
        const { version, position } = recorded;
        warm = { state: evolve(warm.state, decodeRecorded(recorded), position), version, position };
      }
      if (warm !== entry.warm) set(id, entry, warm);
      if (page.length < pageSize) return;
    }
  }

  async function load(id: string, entry: Entry<State>): Promise<void> {
    try {
      set(id, entry, await snapshot(id));
      // What comes by the feed while a page is on its way may not be on it, and will not come again.
      do await readTail(id, entry);
      while (entry.warm !== undefined && entry.warm.version < entry.followedTo && entries.get(id) === entry);
    } catch (error) {
      if (entries.get(id) === entry) drop(id);
      throw error;
    } finally {
      entry.loading = undefined;
    }
  }

  return {
    async warm(id) {
      for (;;) {
        const entry = touch(id);
        if (entry.warm === undefined) entry.loading ??= load(id, entry);
        if (entry.loading !== undefined) await entry.loading;
        if (entry.warm !== undefined) return entry.warm;
      }
    },
    peek: (id) => {
      const entry = entries.get(id);
      return entry?.loading === undefined ? entry?.warm : undefined;
    },
    replace(id, change) {
      const entry = entries.get(id);
      if (entry?.warm !== undefined) set(id, entry, { ...entry.warm, state: change(entry.warm) });
    },
    advance(id, expectedVersion, events, position) {
      const entry = entries.get(id);
      if (entry?.warm === undefined) return;
      let { state, version } = entry.warm;
      events.forEach((event, index) => {
        if (expectedVersion + 1 + index !== version + 1) return;
        state = evolve(state, event, position);
        version += 1;
      });
      if (version > entry.warm.version) set(id, entry, { state, version, position });
    },
    follow(id, { version, position }, decoded) {
      const entry = entries.get(id);
      if (entry === undefined) return;
      entry.followedTo = version;
      if (entry.warm === undefined || entry.loading !== undefined || version !== entry.warm.version + 1) return;
      set(id, entry, { state: evolve(entry.warm.state, decoded, position), version, position });
    },
    readOn: (id) => readTail(id, touch(id)),
    forget: drop,
    hold(id) {
      const entry = touch(id);
      entry.holds += 1;
      return () => {
        entry.holds -= 1;
      };
    },
  };
}
