import type { EncodedEvent } from '../events/codec.ts';
import { type EventLog, noStream, type Version } from '../ports/event-log.ts';

/** How far back in its stream an append that expects nothing exact looks for its own events. */
const lookBackEvents = 1_000;
/** So many ids are remembered in all; the streams that were not appended to for the longest time are forgotten first. */
const maximumIds = 200_000;

/** Where a stream ends, as far as is known. */
export interface StreamEnd {
  /** What it will be once the appends under way are stored. */
  readonly version: Version;
  /** The version of a recent event by its id, among them those under way. */
  versionOf(eventId: string): Version | undefined;
  /** Counts these events as appended; `stored` settles when they are, or are not. */
  extend(events: readonly EncodedEvent[], stored: Promise<unknown>): void;
  /** Waits for the appends under way. */
  settled(): Promise<void>;
}

/**
 * Knows where streams end without a look into the log, so that appends which expect nothing exact can follow each other
 * into one commit instead of waiting for each other. A guess: the log compares versions, and who is told of a conflict
 * forgets the stream and looks again.
 */
export interface StreamEnds {
  /** Callers of one stream go on in the order in which they have asked. Throws LogUnavailable. */
  find(streamName: string): Promise<StreamEnd>;
  forget(streamName: string): void;
}

interface Known {
  readonly end: Promise<StreamEnd>;
  readonly ids: Map<string, Version>;
}

export function createStreamEnds(log: EventLog): StreamEnds {
  const known = new Map<string, Known>();
  let idCount = 0;

  function forget(streamName: string): void {
    const stream = known.get(streamName);
    if (stream === undefined) return;
    idCount -= stream.ids.size;
    // What is still added to it, by appends that hold on to it, counts no more.
    known.delete(streamName);
  }

  function remember(streamName: string, ids: Map<string, Version>, eventId: string, version: Version): void {
    const before = ids.size;
    ids.set(eventId, version);
    const [oldest] = ids.keys();
    if (ids.size > lookBackEvents && oldest !== undefined) ids.delete(oldest);
    if (known.get(streamName)?.ids !== ids) return;
    idCount += ids.size - before;
    while (idCount > maximumIds) {
      const [longestUnused] = known.keys();
      if (longestUnused === undefined || longestUnused === streamName) return;
      forget(longestUnused);
    }
  }

  async function load(streamName: string, ids: Map<string, Version>): Promise<StreamEnd> {
    const newestFirst = await log.readStreamBackwards(streamName, undefined, lookBackEvents);
    for (const { eventId, version } of newestFirst.toReversed()) remember(streamName, ids, eventId, version);
    let version = newestFirst[0]?.version ?? noStream;
    let underWay: Promise<unknown> = Promise.resolve();
    return {
      get version() {
        return version;
      },
      versionOf: (eventId) => ids.get(eventId),
      extend: (events, stored) => {
        for (const { eventId } of events) {
          version += 1;
          remember(streamName, ids, eventId, version);
        }
        const before = underWay;
        underWay = stored.then(
          () => before,
          () => before,
        );
      },
      settled: async () => {
        await underWay;
      },
    };
  }

  return {
    find: (streamName) => {
      const ids = new Map<string, Version>();
      const found = known.get(streamName);
      const stream = found ?? { ids, end: load(streamName, ids) };
      known.delete(streamName);
      known.set(streamName, stream);
      if (found === undefined) stream.end.catch(() => forget(streamName));
      return stream.end;
    },
    forget,
  };
}
