import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { batchIterator } from '../../ports/batch-iterator.ts';
import { type LogBatch, LogUnavailable, type Position, type RecordedEvent } from '../../ports/event-log.ts';
import { type Backoff, pause, pauseAfter } from './backoff.ts';
import type { CatchUp } from './catch-up.ts';
import type { Follower, LiveFeed } from './live-feed.ts';

export interface FollowSources {
  readonly feed: LiveFeed;
  readonly catchUpAfter: (position: Position) => CatchUp;
  /** The log's end, as the server says it now. */
  readonly endPosition: () => Promise<Position>;
  readonly backoff: Backoff;
}

/** The log after a position, by pages until the live window has what comes next, and then from there. */
export function followLog(sources: FollowSources, after: Position, signal: AbortSignal): AsyncIterable<LogBatch> {
  return { [Symbol.asyncIterator]: () => createIterator(sources, after, signal) };
}

function createIterator(
  { feed, catchUpAfter, endPosition, backoff }: FollowSources,
  after: Position,
  signal: AbortSignal,
): AsyncIterator<LogBatch, undefined> {
  const ending = new AbortController();
  let position = after;
  let state: 'new' | 'catchingUp' | 'following' = 'new';
  /** The log's end when this began: whoever is there has caught up. Undefined until the server has said it. */
  let goal: Position | undefined;
  let catchUp: CatchUp | undefined;
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

  function batchOf(events: readonly RecordedEvent[], end: Position): LogBatch {
    position = events.at(-1)?.position ?? position;
    const caughtUp = position >= end;
    if (caughtUp) state = 'following';
    return { events, caughtUp };
  }

  /** What comes next, or undefined where that is still to come. */
  async function nextBatch(): Promise<LogBatch | undefined> {
    goal ??= await endOfLog();
    if (!feed.isLive() || goal === undefined) return undefined;
    const end = Math.max(goal, feed.newest());
    const recent = feed.eventsAfter(position);
    if (recent !== undefined) {
      catchUp = undefined;
      return batchOf(recent, end);
    }
    if (position >= feed.coveredAfter()) {
      return state === 'catchingUp' && position >= end ? batchOf([], end) : undefined;
    }
    // A consumer that only awaits pages would otherwise keep its whole thread to itself.
    await yieldToOthers();
    catchUp ??= catchUpAfter(position);
    const events = await catchUp.nextPage(feed.coveredAfter(), ending.signal);
    return events.length > 0 ? batchOf(events, Math.max(goal, feed.newest())) : undefined;
  }

  /** Settles as soon as this has ended, though the read goes on to its own deadline. */
  function endOfLog(): Promise<Position | undefined> {
    return new Promise((resolve, reject) => {
      const give = () => resolve(undefined);
      ending.signal.addEventListener('abort', give);
      endPosition()
        .then(resolve, reject)
        .finally(() => ending.signal.removeEventListener('abort', give));
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
        if (!(error instanceof LogUnavailable)) {
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
