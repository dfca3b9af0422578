import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { batchIterator } from '../../ports/batch-iterator.ts';
import type { LogBatch, Position, RecordedEvent } from '../../ports/event-log.ts';
import { type Backoff, pause, pauseAfter } from './backoff.ts';
import type { Follower, LiveFeed } from './live-feed.ts';

/** Pages of the log, one after the other, for one who is behind. */
export interface Pages {
  /**
   * The events that follow on the last page, in order and without a gap; `until` is the position of an event after it, and
   * what the page holds may end before or beyond it. Empty only where it was aborted.
   */
  next(until: Position, signal: AbortSignal): Promise<readonly RecordedEvent[]>;
}

/** What following a log takes of whoever keeps it. */
export interface FollowedLog {
  readonly feed: LiveFeed;
  readonly pagesAfter: (position: Position) => Pages;
  /** The log's end, as it is now. Its feed hears of everything up to there, if it has not yet. */
  readonly endPosition: () => Promise<Position>;
  /** Whether what a read has failed with may pass. Otherwise it is the end. */
  readonly mayPass: (error: unknown) => boolean;
  /** Between attempts at what has failed. */
  readonly backoff: Backoff;
}

/**
 * The log after a position: by pages until the feed has what comes next, and then from there. Who is slower than the feed
 * falls out of what it keeps, and reads pages again. See EventLog.subscribe for what is promised.
 */
export function followLog(log: FollowedLog, after: Position, signal: AbortSignal): AsyncIterable<LogBatch> {
  return { [Symbol.asyncIterator]: () => createIterator(log, after, signal) };
}

function createIterator(
  { feed, pagesAfter, endPosition, mayPass, backoff }: FollowedLog,
  after: Position,
  signal: AbortSignal,
): AsyncIterator<LogBatch, undefined> {
  const ending = new AbortController();
  let position = after;
  let state: 'new' | 'catchingUp' | 'live' = 'new';
  /** The log's end when this began: whoever is there has caught up. Undefined until the store has said it. */
  let goal: Position | undefined;
  /** Those that are being read; from memory there are none. */
  let pages: Pages | undefined;
  let fatal: Error | undefined;
  let isWoken = false;
  let wake = (): void => {};

  const follower: Follower = {
    wake: () => {
      isWoken = true;
      wake();
    },
    end,
  };

  function end(error?: Error): void {
    fatal ??= ending.signal.aborted ? undefined : error;
    ending.abort();
    feed.leave(follower);
    signal.removeEventListener('abort', abort);
    wake();
  }

  const abort = (): void => end();

  function begin(): void {
    state = 'catchingUp';
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) end();
    else feed.join(follower);
  }

  /** Until the feed has something new, or this has ended. */
  async function woken(): Promise<void> {
    if (!isWoken && !ending.signal.aborted) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    isWoken = false;
  }

  function batchOf(events: readonly RecordedEvent[]): LogBatch {
    position = events.at(-1)?.position ?? position;
    const caughtUp = position >= Math.max(goal ?? position, feed.newest());
    state = caughtUp ? 'live' : state;
    return { events, caughtUp };
  }

  /** What comes next, or undefined where that is still to come. */
  async function nextBatch(): Promise<LogBatch | undefined> {
    goal ??= await whileGoingOn(endPosition());
    if (goal === undefined || !feed.isLive()) return undefined;
    const recent = feed.eventsAfter(position);
    if (recent !== undefined) {
      pages = undefined;
      return batchOf(recent);
    }
    const until = feed.toBeReadAfter(position);
    if (until !== undefined) return nextPage(until);
    const hasCaughtUp = position >= Math.max(goal, feed.newest());
    return state === 'catchingUp' && hasCaughtUp ? batchOf([]) : undefined;
  }

  async function nextPage(until: Position): Promise<LogBatch | undefined> {
    state = 'catchingUp';
    // A consumer that only awaits pages would otherwise keep its whole thread to itself.
    await yieldToOthers();
    if (ending.signal.aborted) return undefined;
    pages ??= pagesAfter(position);
    const events = await whileGoingOn(pages.next(until, ending.signal));
    return events !== undefined && events.length > 0 ? batchOf(events) : undefined;
  }

  /** Settles as soon as this has ended, though the read goes on to its own deadline. */
  function whileGoingOn<Read>(reading: Promise<Read>): Promise<Read | undefined> {
    return new Promise((resolve, reject) => {
      const give = () => resolve(undefined);
      ending.signal.addEventListener('abort', give);
      reading.then(resolve, reject).finally(() => ending.signal.removeEventListener('abort', give));
    });
  }

  async function step(): Promise<IteratorResult<LogBatch, undefined>> {
    if (state === 'new') begin();
    for (let failures = 0; !ending.signal.aborted; ) {
      try {
        const batch = await nextBatch();
        failures = 0;
        // What was read after the end is not delivered: whoever aborted has been told that nothing more comes.
        if (ending.signal.aborted) break;
        if (batch !== undefined) return { done: false, value: batch };
      } catch (error) {
        if (!mayPass(error)) {
          end();
          throw error;
        }
        failures += 1;
        await pause(pauseAfter(failures, backoff), ending.signal);
        continue;
      }
      await woken();
    }
    const error = fatal;
    fatal = undefined;
    if (error !== undefined) throw error;
    return { done: true, value: undefined };
  }

  return batchIterator(step, end);
}
