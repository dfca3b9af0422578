import { DatabaseSync } from 'node:sqlite';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { LogUnavailable, type Position, type RecordedEvent, startOfLog, type Version } from '../../ports/event-log.ts';

/** A read holds up its thread for one page at most: this many events, or this many characters when they are long. */
const maximumPageEvents = 1_000;
const maximumPageCharacters = 4 * 1024 * 1024;

/** What one reading connection answers, page by page and without waiting. Every member throws LogUnavailable. */
export interface LogReader {
  streamPage(streamName: string, from: Version, limit: number): readonly RecordedEvent[];
  /** Descending from `from` on. Empty only before the stream's first event. */
  streamPageBackwards(streamName: string, from: Version, limit: number): readonly RecordedEvent[];
  /** Empty only at the end of the log. */
  page(after: Position, limit: number): readonly RecordedEvent[];
  /** Descending from before `before`. Empty only before the first event. */
  pageBackwards(before: Position, limit: number): readonly RecordedEvent[];
  endPosition(): Position;
  close(): void;
}

/** A row as selected. STRICT tables guarantee the types. */
type Row = readonly [number, number, string, string, string, string, string, number, number];

const columns = 'e.position, e.version, e.event_id, e.type, e.data, e.metadata, s.name, e.recorded_at, e.binary';
// CROSS JOIN fixes the order of the loops in SQLite: which table leads is our choice, not that of absent statistics.
const ofStream = `SELECT ${columns} FROM streams s CROSS JOIN events e ON e.stream_id = s.stream_id WHERE s.name = ?`;
const ofAll = `SELECT ${columns} FROM events e CROSS JOIN streams s ON s.stream_id = e.stream_id`;

/** Opens a reading connection to an existing log. Throws LogUnavailable. */
export function openLogReader(file: string): LogReader {
  const database = reading(() => new DatabaseSync(file, { readOnly: true, timeout: 1_000 }));
  const streamPage = database.prepare(`${ofStream} AND e.version >= ? ORDER BY e.version LIMIT ?`);
  const streamBackwards = database.prepare(`${ofStream} AND e.version <= ? ORDER BY e.version DESC LIMIT ?`);
  const page = database.prepare(`${ofAll} WHERE e.position > ? ORDER BY e.position LIMIT ?`);
  const allBackwards = database.prepare(`${ofAll} WHERE e.position < ? ORDER BY e.position DESC LIMIT ?`);
  const end = database.prepare('SELECT max(position) FROM events');
  for (const statement of [streamPage, streamBackwards, page, allBackwards, end]) statement.setReturnArrays(true);

  return {
    streamPage: (streamName, from, limit) =>
      reading(() => takePage(streamPage.iterate(streamName, from, Math.min(limit, maximumPageEvents)))),
    streamPageBackwards: (streamName, from, limit) =>
      reading(() => takePage(streamBackwards.iterate(streamName, from, Math.min(limit, maximumPageEvents)))),
    page: (after, limit) => reading(() => takePage(page.iterate(after, Math.min(limit, maximumPageEvents)))),
    pageBackwards: (before, limit) =>
      reading(() => takePage(allBackwards.iterate(before, Math.min(limit, maximumPageEvents)))),
    endPosition: () => reading(() => (end.get() as unknown as [number | null])[0] ?? startOfLog),
    close: () => {
      if (database.isOpen) database.close();
    },
  };
}

/** So many characters are read in one round of the event loop, by whomever: a thousand everyday events, some 10 ms to fold. */
const charactersPerRound = 512 * 1024;

/** Reads up to `limit` events as pages. `next` reads the page that follows an event. */
export type ReadPages = (
  limit: number,
  next: (previous: RecordedEvent | undefined, remaining: number) => readonly RecordedEvent[],
) => Promise<readonly RecordedEvent[]>;

/**
 * Lets other work run between pages, of one read and of several: reading waits for nothing, so whoever reads a stream page
 * after page, and folds it, would otherwise keep the thread to themselves until its end.
 */
export function createPageReading(): ReadPages {
  let characters = 0;

  function count(page: readonly RecordedEvent[]): void {
    if (characters === 0) {
      setImmediate(() => {
        characters = 0;
      });
    }
    for (const { data, metadata } of page) characters += data.length + metadata.length;
  }

  return async (limit, next) => {
    const events: RecordedEvent[] = [];
    while (events.length < limit) {
      while (characters >= charactersPerRound) await yieldToOthers();
      const page = next(events.at(-1), limit - events.length);
      if (page.length === 0) break;
      count(page);
      events.push(...page);
    }
    return events;
  };
}

function takePage(rows: Iterator<unknown> & Iterable<unknown>): readonly RecordedEvent[] {
  const events: RecordedEvent[] = [];
  let characters = 0;
  for (const row of rows as Iterable<Row>) {
    const [position, version, eventId, type, data, metadata, streamName, recordedAt, binary] = row;
    const event: RecordedEvent = { eventId, type, data, metadata, streamName, version, position, recordedAt };
    events.push(binary === 1 ? { ...event, binary: true } : event);
    characters += data.length + metadata.length;
    // Leaving the loop resets the statement, so no read transaction stays open and checkpoints can go on.
    if (characters >= maximumPageCharacters) break;
  }
  return events;
}

function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new LogUnavailable(`the event log cannot be read: ${String(error)}`, { cause: error });
  }
}
