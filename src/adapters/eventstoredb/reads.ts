import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import { type EventLog, type Position, type RecordedEvent, startOfLog, type Version } from '../../ports/event-log.ts';
import type { Connection } from './connection.ts';
import { isMissingStream, unavailable } from './faults.ts';
import { createLane } from './lanes.ts';
import { type ReadCallOptions, readWhile } from './read-call.ts';
import { isOwn, recordedEvent, UnsupportedPosition } from './recorded-event.ts';
import { placeOf, readAllRequest, readStreamRequest } from './requests.ts';

/** The bounds of one call: what is read at a time, and so held besides what the caller has asked for. */
const maximumPageEvents = 2_000;
const maximumPageCharacters = 16 * 1024 * 1024;
/** The first page of a search through $all, whose pages grow while they bring too little. */
const minimumPageEvents = 32;
const concurrentReads = 24;

export interface Reads extends Pick<EventLog, 'readStream' | 'readStreamBackwards' | 'readAll' | 'readAllBackwards'> {
  endPosition(): Promise<Position>;
  /** Whether anything of Highwater's stands after a position; `tooMuch` where that many events leave it open. */
  lookAfter(position: Position, maximumEvents: number): Promise<'nothing' | 'own' | 'tooMuch'>;
  /** A newest event of Highwater's was seen elsewhere: a search for the end need not go further back. */
  seen(position: Position): void;
}

/** One answer of the server: all of what was asked for, or less where the read was cut short for its size. */
interface Page {
  readonly events: readonly RecordedEvent[];
  readonly isCut: boolean;
}

/** Reads by pages, each with a deadline of its own. Every member rejects with LogUnavailable or UnsupportedPosition. */
export function createReads(connection: Connection, options: ReadCallOptions): Reads {
  const readLane = createLane(concurrentReads);
  // Kept free of reads that may hang: this one is to find out whether they do.
  const lookLane = createLane(1);
  let newestOwn: Position = startOfLog;

  async function readPage(doing: string, request: ReadReq, lane = readLane): Promise<Page> {
    const events: RecordedEvent[] = [];
    let characters = 0;
    // Never the first event alone: a page that starts at one that is known already would then bring nothing.
    const isTooMuch = (): boolean => events.length > 1 && characters >= maximumPageCharacters;
    try {
      await lane.run(options.silenceMilliseconds, (silenceMilliseconds) =>
        readWhile(connection, request, { ...options, silenceMilliseconds }, (answer) => {
          const event = recordedEvent(answer);
          if (event === undefined) return 'go on';
          events.push(event);
          characters += event.data.length + event.metadata.length;
          return isTooMuch() ? 'stop' : 'go on';
        }),
      );
    } catch (error) {
      if (isMissingStream(error)) return { events: [], isCut: false };
      if (error instanceof UnsupportedPosition) throw error;
      throw unavailable(doing, error);
    }
    return { events, isCut: isTooMuch() };
  }

  async function readStreamPages(
    streamName: string,
    from: Version | 'end',
    limit: number,
    direction: 'forwards' | 'backwards',
  ): Promise<readonly RecordedEvent[]> {
    const all: RecordedEvent[] = [];
    for (let next = from; all.length < limit; ) {
      const count = Math.min(limit - all.length, maximumPageEvents);
      const page = await readPage(`reading ${streamName}`, readStreamRequest(streamName, next, count, direction));
      all.push(...page.events);
      const last = page.events.at(-1);
      if (last === undefined || (page.events.length < count && !page.isCut)) break;
      if (direction === 'backwards' && last.version === 0) break;
      next = last.version + (direction === 'forwards' ? 1 : -1);
    }
    return all;
  }

  /**
   * Pages of $all, with other people's events left out on this side, because a plain read takes no filter. `until` ends
   * it at a place before which nothing is wanted.
   */
  async function readAllPages(
    from: Position | 'end',
    limit: number,
    direction: 'forwards' | 'backwards',
    firstPageEvents = Math.max(limit + 1, minimumPageEvents),
    until: Position = startOfLog,
  ): Promise<readonly RecordedEvent[]> {
    const own: RecordedEvent[] = [];
    if (direction === 'backwards' && from === startOfLog) return own;
    let next = from;
    let count = Math.min(firstPageEvents, maximumPageEvents);
    for (;;) {
      const place = next === 'end' ? next : placeOf(next);
      const page = await readPage('reading the log', readAllRequest(place, count, direction));
      for (const event of page.events) {
        if (direction === 'forwards' && next !== 'end' && event.position <= next) continue;
        if (isOwn(event.streamName) && own.length < limit) own.push(event);
      }
      const last = page.events.at(-1);
      const isEnd = page.events.length < count && !page.isCut;
      if (last === undefined || isEnd || own.length >= limit || last.position <= until) return own;
      next = last.position;
      count = Math.min(count * 8, maximumPageEvents);
    }
  }

  function seen(position: Position): void {
    newestOwn = Math.max(newestOwn, position);
  }

  return {
    readStream: (streamName, from, limit) => readStreamPages(streamName, from, limit, 'forwards'),
    readStreamBackwards: async (streamName, from, limit) => {
      const events = await readStreamPages(streamName, from ?? 'end', limit, 'backwards');
      if (events.length > 0 || from === undefined || limit < 1) return events;
      // Whether a place past the end counts as the end is not said anywhere.
      const [last] = await readStreamPages(streamName, 'end', 1, 'backwards');
      return last === undefined || last.version > from
        ? []
        : readStreamPages(streamName, last.version, limit, 'backwards');
    },
    readAll: (after, limit) => (limit < 1 ? Promise.resolve([]) : readAllPages(after, limit, 'forwards')),
    readAllBackwards: (before, limit) =>
      limit < 1 ? Promise.resolve([]) : readAllPages(before ?? 'end', limit, 'backwards'),
    endPosition: async () => {
      const [newest] = await readAllPages('end', 1, 'backwards', 1, newestOwn);
      seen(newest?.position ?? startOfLog);
      return newestOwn;
    },
    lookAfter: async (position, maximumEvents) => {
      let next: Position | 'end' = 'end';
      for (let looked = 0, count = 8; looked < maximumEvents; count = maximumEvents - looked) {
        const place = next === 'end' ? next : placeOf(next);
        const page = await readPage('looking at its end', readAllRequest(place, count, 'backwards'), lookLane);
        const newer = page.events.filter((event) => event.position > position);
        if (newer.some(({ streamName }) => isOwn(streamName))) return 'own';
        const last = newer.at(-1);
        if (last === undefined || newer.length < count) return 'nothing';
        looked += newer.length;
        next = last.position;
      }
      return 'tooMuch';
    },
    seen,
  };
}
