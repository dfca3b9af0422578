import type { DecodedEvent } from '../events/codec.ts';
import type { StreamName } from '../events/stream-name.ts';
import { createBoundedMap } from '../memory/bounded-map.ts';
import {
  type EventLog,
  LogUnavailable,
  noStream,
  type Position,
  type RecordedEvent,
  type Version,
} from '../ports/event-log.ts';
import type { HaltedGroups } from '../ports/halted-groups.ts';
import type { Loaded, Warm, WarmStreams } from './warm-state.ts';

interface Arrived {
  readonly recorded: RecordedEvent;
  readonly decoded: DecodedEvent;
}

interface Entry<State> {
  warm: Loaded<State> | undefined;
  /** Resolves with the state, or with undefined where it was forgotten meanwhile. */
  loading: Promise<Loaded<State> | undefined> | undefined;
  /** The newest version that came by the live feed. */
  followedTo: Version;
  /** What came by the live feed while the stream was read; empty again where it became too much. */
  arrived: Arrived[];
}

export interface WarmStreamsOptions<State> {
  readonly log: EventLog;
  /** What an event breaks that is folded into a state halts the state's group. */
  readonly halted: Pick<HaltedGroups, 'fold'>;
  readonly streamName: (id: string) => StreamName;
  /** Folds an event at `position`, or at one before it that this process does not know: see EventOrigin. */
  readonly evolve: (state: State, decoded: DecodedEvent, position: Position) => State;
  /** Where a cold stream starts: a snapshot of the read models, or the initial state before the first version. */
  readonly snapshot: (id: string) => Promise<Warm<State>>;
  /** How many bytes of heap a state takes. Asked at every event, so it is O(1). */
  readonly weigh: (state: State) => number;
  /** All states together take at most this much, but for those in use; the least recently used are let go first. */
  readonly capacityBytes: number;
}

const pageSize = 1_000;
/** So many events of the feed are kept for a stream that is being read; past it the log is read again. */
const maximumArrived = 100;
/** A stream that is behind the feed, or forgotten, as often as this while it is loaded is given up. */
const maximumAttempts = 10;
/** Measured: an entry, and the states' own objects. */
const bytesPerEntry = 350;

export function createWarmStreams<State>(options: WarmStreamsOptions<State>): WarmStreams<State> {
  const { log, halted, streamName, evolve, snapshot, weigh, capacityBytes } = options;
  const entries = createBoundedMap<Entry<State>>(capacityBytes);
  let loads = 0;

  const emptyEntry = (): Entry<State> => ({ warm: undefined, loading: undefined, followedTo: noStream, arrived: [] });
  const isCurrent = (id: string, entry: Entry<State>) => entries.peek(id) === entry;

  function touch(id: string): Entry<State> {
    const standing = entries.use(id);
    if (standing !== undefined) return standing;
    const entry = emptyEntry();
    entries.set(id, entry, bytesPerEntry);
    return entry;
  }

  function set(id: string, entry: Entry<State>, warm: Loaded<State>): void {
    if (!isCurrent(id, entry)) return;
    entry.warm = warm;
    entries.weigh(id, bytesPerEntry + weigh(warm.state));
  }

  /** Who holds the stream holds whatever is loaded next. */
  function forget(id: string): void {
    if (entries.isPinned(id)) entries.set(id, emptyEntry(), bytesPerEntry);
    else entries.delete(id);
  }

  function hold(id: string): () => void {
    touch(id);
    const release = entries.pin(id);
    return () => {
      release();
      const entry = entries.peek(id);
      const isEmpty = entry?.loading === undefined && (entry?.warm?.version ?? noStream) === noStream;
      if (isEmpty && !entries.isPinned(id)) entries.delete(id);
    };
  }

  function fold(warm: Loaded<State>, recorded: RecordedEvent, decoded: DecodedEvent): Loaded<State> {
    const { version, position } = recorded;
    return { state: evolve(warm.state, decoded, position), version, position, load: warm.load };
  }

  /** Folds what the stream holds from version `from` on, which is the warm state's own or the one after it. */
  async function readTail(id: string, entry: Entry<State>, from: Version): Promise<void> {
    for (let next = from; ; ) {
      const page = await log.readStream(streamName(id), next, pageSize);
      if (!isCurrent(id, entry) || entry.warm === undefined) return;
      let warm = entry.warm;
      if (next === from && from <= warm.version) requireStanding(id, warm, from, page[0]);
      for (const recorded of page) {
        if (recorded.version <= warm.version) continue;
        if (recorded.version > warm.version + 1) {
          throw contradicted(id, `the log misses version ${warm.version + 1} of ${streamName(id)}`);
        }
        const before = warm;
        warm = halted.fold(recorded, (decoded) => fold(before, recorded, decoded));
      }
      if (warm !== entry.warm) set(id, entry, warm);
      if (page.length < pageSize) return;
      next += page.length;
    }
  }

  function requireStanding(id: string, warm: Warm<State>, version: Version, found: RecordedEvent | undefined): void {
    if (found?.version === version && found.position <= warm.position) return;
    throw contradicted(id, `the log does not hold version ${version} of ${streamName(id)} as the read models do`);
  }

  /** The log is another one than it was, restored or cut. What was folded of it says nothing any more. */
  function contradicted(id: string, how: string): LogUnavailable {
    forget(id);
    return new LogUnavailable(how);
  }

  /** What comes by the feed while a page is on its way may not be on it, and will not come again. */
  async function catchUp(id: string, entry: Entry<State>, start: Loaded<State>): Promise<void> {
    let from = Math.max(start.version, 0);
    for (let attempt = 1; attempt <= maximumAttempts; attempt += 1) {
      const before = entry.warm?.version;
      await readTail(id, entry, from);
      if (!isCurrent(id, entry) || entry.warm === undefined) return;
      for (const { recorded } of entry.arrived.splice(0)) {
        const { warm: before } = entry;
        if (recorded.version !== before.version + 1) continue;
        set(
          id,
          entry,
          halted.fold(recorded, (decoded) => fold(before, recorded, decoded)),
        );
      }
      if (entry.warm.version >= entry.followedTo) {
        // At once: what comes by the feed from here on is for the state itself.
        entry.loading = undefined;
        return;
      }
      if (before !== entry.warm.version) attempt = 0;
      from = entry.warm.version + 1;
    }
    throw new LogUnavailable(`${streamName(id)} cannot be read as far as it was followed`);
  }

  async function load(id: string, entry: Entry<State>): Promise<Loaded<State> | undefined> {
    const release = hold(id);
    try {
      loads += 1;
      const loaded = { load: loads, ...(await snapshot(id)) };
      set(id, entry, loaded);
      await catchUp(id, entry, loaded);
      return isCurrent(id, entry) ? entry.warm : undefined;
    } catch (error) {
      if (isCurrent(id, entry)) forget(id);
      throw error;
    } finally {
      entry.loading = undefined;
      entry.arrived = [];
      release();
    }
  }

  async function warm(id: string): Promise<Loaded<State>> {
    for (let attempt = 1; attempt <= maximumAttempts; attempt += 1) {
      const entry = touch(id);
      if (entry.loading === undefined && entry.warm !== undefined) return entry.warm;
      entry.loading ??= load(id, entry);
      const loaded = await entry.loading;
      if (loaded !== undefined) return loaded;
    }
    throw new LogUnavailable(`${streamName(id)} was forgotten as often as it was loaded`);
  }

  return {
    warm,
    async newest(id) {
      const entry = entries.peek(id);
      // What is loaded from now on is read to the log's end as it is now; what is loading already may not be.
      if (entry === undefined || (entry.warm === undefined && entry.loading === undefined)) return warm(id);
      const release = hold(id);
      try {
        const { version } = await warm(id);
        const current = entries.peek(id);
        if (current !== undefined) await readTail(id, current, version + 1);
        return await warm(id);
      } finally {
        release();
      }
    },
    peek: (id) => {
      const entry = entries.peek(id);
      return entry?.loading === undefined ? entry?.warm : undefined;
    },
    replace(id, seen, change) {
      const entry = entries.peek(id);
      if (entry?.loading !== undefined || entry?.warm?.load !== seen.load) return undefined;
      const replaced = { ...entry.warm, state: change(entry.warm.state) };
      set(id, entry, replaced);
      return replaced;
    },
    advance(id, from, expectedVersion, events, position) {
      const entry = entries.peek(id);
      const isSame = entry !== undefined && entry.loading === undefined && entry.warm?.load === from.load;
      // What is in memory by now was loaded anew, perhaps before this append: the next one to ask reads on from it.
      if (!isSame) forget(id);
      const base = (isSame ? entry.warm : undefined) ?? from;
      const version = expectedVersion + events.length;
      if (base.version >= version) return base;
      const news = events.slice(base.version - expectedVersion);
      const state = news.reduce((folded, decoded) => evolve(folded, decoded, position), base.state);
      const advanced = { state, version, position, load: from.load };
      if (isSame) set(id, entry, advanced);
      return advanced;
    },
    follow(id, recorded, decoded) {
      const entry = entries.peek(id);
      if (entry === undefined) return;
      const { version, position } = recorded;
      entry.followedTo = Math.max(entry.followedTo, version);
      if (entry.loading !== undefined) {
        if (entry.arrived.length >= maximumArrived) entry.arrived = [];
        entry.arrived.push({ recorded, decoded });
      } else if (entry.warm === undefined) return;
      else if (version === entry.warm.version + 1) set(id, entry, fold(entry.warm, recorded, decoded));
      // Neither the next one nor one that was folded before: another log's, or a state that was read too early.
      else if (version > entry.warm.version || position > entry.warm.position) forget(id);
    },
    forget,
    forgetAll() {
      for (const id of entries.keys()) forget(id);
    },
    hold,
    byteLength: () => entries.byteLength,
    size: () => entries.size,
  };
}
