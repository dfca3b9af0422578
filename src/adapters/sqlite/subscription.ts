import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { batchIterator } from '../../ports/batch-iterator.ts';
import { type LogBatch, LogUnavailable, type Position } from '../../ports/event-log.ts';
import type { Follower, LiveFeed } from './live-feed.ts';
import { sqliteCode } from './log-file.ts';
import type { LogReader } from './log-reader.ts';

/** How long to wait before reading again after a fault that may pass. */
const faultPauseMilliseconds = 500;
/** SQLITE_CORRUPT and SQLITE_NOTADB: waiting repairs neither. */
const lastingFaults: ReadonlySet<number | undefined> = new Set([11, 26]);

/** The log after a position, from disk until its end and then as it grows. See EventLog.subscribe for what it promises. */
export function followLog(
  reader: LogReader,
  feed: LiveFeed,
  after: Position,
  signal: AbortSignal,
): AsyncIterable<LogBatch> {
  return { [Symbol.asyncIterator]: () => createIterator(reader, feed, after, signal) };
}

function createIterator(
  reader: LogReader,
  feed: LiveFeed,
  after: Position,
  signal: AbortSignal,
): AsyncIterator<LogBatch, undefined> {
  let position = after;
  let state: 'new' | 'catchingUp' | 'following' | 'ended' = 'new';
  let wake = (): void => {};

  const follower: Follower = { wake: () => wake(), end };

  function end(): void {
    state = 'ended';
    feed.leave(follower);
    signal.removeEventListener('abort', end);
    wake();
  }

  function begin(): void {
    state = 'catchingUp';
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    else feed.join(follower);
  }

  const hasEnded = (): boolean => state === 'ended';

  function pause(milliseconds?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = milliseconds === undefined ? undefined : setTimeout(resolve, milliseconds);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  function fromMemory(): LogBatch | undefined {
    const events = feed.recentAfter(position);
    return events && { events, caughtUp: position + events.length >= feed.newest() };
  }

  /** Yields first: a consumer that only awaits pages would otherwise keep its whole thread to itself. */
  async function fromDisk(): Promise<LogBatch | undefined> {
    await yieldToOthers();
    if (hasEnded()) return undefined;
    const events = reader.page(position, Number.POSITIVE_INFINITY);
    const last = events.at(-1);
    if (last === undefined) return state === 'catchingUp' ? { events, caughtUp: true } : undefined;
    return { events, caughtUp: last.position >= reader.endPosition() };
  }

  async function step(): Promise<IteratorResult<LogBatch, undefined>> {
    if (state === 'new') begin();
    let fault: LogUnavailable | undefined;
    while (!hasEnded()) {
      let batch = fromMemory();
      fault = undefined;
      try {
        if (batch === undefined && (state === 'catchingUp' || feed.newest() > position)) batch = await fromDisk();
      } catch (error) {
        if (!(error instanceof LogUnavailable) || lastingFaults.has(sqliteCode(error.cause))) {
          end();
          throw error;
        }
        fault = error;
      }
      // What was read after the end is not delivered: whoever aborted has been told that nothing more comes.
      if (hasEnded()) break;
      if (batch !== undefined) {
        position = batch.events.at(-1)?.position ?? position;
        if (batch.caughtUp) state = 'following';
        return { done: false, value: batch };
      }
      // Nothing can be announced between the last look and this wait: both are in one turn of the event loop.
      await pause(fault === undefined ? undefined : faultPauseMilliseconds);
    }
    return { done: true, value: undefined };
  }

  return batchIterator(step, end);
}
