import type { EncodedEvent } from '../../src/events/codec.ts';
import {
  type AppendResult,
  type EventLog,
  type LogBatch,
  LogUnavailable,
  maximumAppendBytes,
  type Position,
  type RecordedEvent,
  StreamDeleted,
  startOfLog,
  type Version,
} from '../../src/ports/event-log.ts';

/** What happens to one append besides, or instead of, being stored. */
export type AppendHook = (streamName: string, events: readonly EncodedEvent[]) => Promise<void> | void;

export interface InMemoryEventLog extends EventLog {
  /** Every event, in the log's order. */
  readonly all: readonly RecordedEvent[];
  /** The sizes of the appends that were stored, in order. */
  readonly appendSizes: readonly number[];
  /** Runs before each append is looked at: it may wait, append from elsewhere, or throw so that nothing is stored. */
  beforeAppend: AppendHook;
  /** Runs when an append has been stored, before it is answered: it may throw AppendUnknown. */
  afterAppend: AppendHook;
  /** Puts the log back to its first events, as from an older backup, beneath whoever has read more. */
  restore(count: number): void;
  /** Lets go of a stream's events below a version, or between two, as a store does that was told to and has scavenged. */
  cutOut(streamName: string, from: Version, before: Version): void;
  /** Deletes a stream for good, as EventStoreDB does: by an event of its own. */
  deleteForGood(streamName: string): void;
  /** Runs when a page of a stream has been read, before it is answered. */
  afterReadStream: () => Promise<void> | void;
}

/** The port in memory. Positions have gaps, as those of a store that numbers by bytes do. Subscriptions give so many at a time. */
export function createInMemoryEventLog({ batchSize = 100 }: { readonly batchSize?: number } = {}): InMemoryEventLog {
  const all: RecordedEvent[] = [];
  const appendSizes: number[] = [];
  const streams = new Map<string, RecordedEvent[]>();
  const deleted = new Set<string>();
  const gone = new Set<RecordedEvent>();
  const closed = new AbortController();
  let grown = Promise.withResolvers<void>();

  const streamOf = (streamName: string): RecordedEvent[] => {
    const stream = streams.get(streamName) ?? [];
    streams.set(streamName, stream);
    return stream;
  };
  const isKept = (event: RecordedEvent): boolean => !gone.has(event);
  const endPosition = (): Position => all.at(-1)?.position ?? startOfLog;

  function store(streamName: string, expected: Version, events: readonly EncodedEvent[]): AppendResult {
    requireThere(streamName);
    const stream = streamOf(streamName);
    const actualVersion = stream.length - 1;
    const standing = stream.slice(expected + 1, expected + 1 + events.length);
    const last = standing.at(-1);
    if (last !== undefined && events.every(({ eventId }, index) => standing[index]?.eventId === eventId)) {
      return { kind: 'appended', version: last.version, position: last.position };
    }
    if (expected !== actualVersion) return { kind: 'conflict', actualVersion };
    for (const event of events) {
      const position = endPosition() + 1 + (all.length % 3);
      const recorded = { ...event, streamName, version: stream.length, position, recordedAt: all.length };
      stream.push(recorded);
      all.push(recorded);
    }
    appendSizes.push(events.length);
    grown.resolve();
    grown = Promise.withResolvers();
    return { kind: 'appended', version: stream.length - 1, position: endPosition() };
  }

  function requireThere(streamName: string): void {
    if (deleted.has(streamName)) throw new StreamDeleted(`${streamName} was deleted for good`);
  }

  /** A generator's own `return` would wait for the pending `next` that it is to settle. */
  function subscribe(after: Position, signal: AbortSignal): AsyncGenerator<LogBatch, void> {
    const left = new AbortController();
    const batches = follow(after, AbortSignal.any([signal, closed.signal, left.signal]));
    const leave = batches.return.bind(batches);
    batches.return = (value) => {
      left.abort();
      return leave(value);
    };
    return batches;
  }

  async function* follow(after: Position, end: AbortSignal): AsyncGenerator<LogBatch, void> {
    const ended = new Promise<void>((resolve) => end.addEventListener('abort', () => resolve(), { once: true }));
    for (let next = indexAfter(all, after), isFirst = true; !end.aborted; isFirst = false) {
      const growth = grown.promise;
      const events = all.slice(next, next + batchSize);
      next += events.length;
      if (isFirst || events.length > 0) yield { events, caughtUp: next === all.length };
      else await Promise.race([growth, ended]);
    }
  }

  const log: InMemoryEventLog = {
    all,
    appendSizes,
    beforeAppend: () => undefined,
    afterAppend: () => undefined,
    afterReadStream: () => undefined,
    async append(streamName, expectedVersion, events) {
      refuseSize(events);
      if (closed.signal.aborted) throw new LogUnavailable('the event log is closed');
      await log.beforeAppend(streamName, events);
      const result = store(streamName, expectedVersion, events);
      if (result.kind === 'appended') await log.afterAppend(streamName, events);
      return result;
    },
    appendsRefused: () => (closed.signal.aborted ? 'the event log is closed' : undefined),
    async readStream(streamName, from, limit) {
      requireThere(streamName);
      const standing = streams.get(streamName) ?? [];
      const rest = gone.size === 0 ? standing.slice(from, from + limit) : standing.slice(from).filter(isKept);
      const page = rest.slice(0, limit);
      await log.afterReadStream();
      return page;
    },
    async readStreamBackwards(streamName, from, limit) {
      requireThere(streamName);
      const standing = (streams.get(streamName) ?? []).slice(0, from === undefined ? undefined : from + 1);
      return standing.filter(isKept).reverse().slice(0, limit);
    },
    readAll: async (after, limit) => all.slice(indexAfter(all, after)).slice(0, limit),
    readAllBackwards: async (before, limit) =>
      all
        .filter(({ position }) => before === undefined || position < before)
        .reverse()
        .slice(0, limit),
    endPosition: async () => endPosition(),
    restore(count) {
      const gone = all.splice(count);
      for (const { streamName } of gone) streams.get(streamName)?.pop();
    },
    cutOut(streamName, from, before) {
      for (const event of streamOf(streamName).slice(from, before)) {
        gone.add(event);
        all.splice(all.indexOf(event), 1);
      }
    },
    deleteForGood(streamName) {
      const mark = { eventId: 'deleted', type: '$streamDeleted', data: '', metadata: '', binary: true as const };
      const place = { version: Number.MAX_SAFE_INTEGER, position: endPosition() + 1, recordedAt: 0 };
      all.push({ ...mark, ...place, streamName });
      deleted.add(streamName);
      grown.resolve();
      grown = Promise.withResolvers();
    },
    subscribe,
    close: async () => closed.abort(),
  };
  return log;
}

function indexAfter(all: readonly RecordedEvent[], after: Position): number {
  const index = all.findIndex(({ position }) => position > after);
  return index === -1 ? all.length : index;
}

function refuseSize(events: readonly EncodedEvent[]): void {
  const bytes = events.reduce(
    (sum, { data, metadata }) => sum + Buffer.byteLength(data) + Buffer.byteLength(metadata),
    0,
  );
  if (events.length === 0) throw new RangeError('an append holds at least one event');
  if (bytes > maximumAppendBytes) throw new RangeError(`an append of ${bytes} bytes is above ${maximumAppendBytes}`);
}
