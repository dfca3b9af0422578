import { type Position, type RecordedEvent, startOfLog } from '../../ports/event-log.ts';
import { createLiveWindow, type LiveWindow } from './live-window.ts';
import type { Subscribe } from './supervised-subscription.ts';

/** Whoever follows. Its members return at once. */
export interface Follower {
  /** There may be something new. */
  wake(): void;
  /** Nothing more will come: with the error because of which, or because the log is closing. */
  end(error?: Error): void;
}

/**
 * The process's one subscription and the window that it fills, shared by all who follow the log. It begins with the first
 * follower and ends with the last.
 */
export interface LiveFeed extends Pick<LiveWindow, 'coveredAfter' | 'newest' | 'eventsAfter'> {
  /** Whether the window covers the log's end; before, its members mean nothing. */
  isLive(): boolean;
  join(follower: Follower): void;
  leave(follower: Follower): void;
  /** Ends every follower, those that come later too. */
  close(): void;
}

export function createLiveFeed(subscribe: Subscribe): LiveFeed {
  const window = createLiveWindow();
  const followers = new Set<Follower>();
  let running: AbortController | undefined;
  let isLive = false;
  let closed = false;

  function wakeAll(): void {
    for (const follower of followers) follower.wake();
  }

  function endAll(error?: Error): void {
    for (const follower of [...followers]) follower.end(error);
  }

  function start(): void {
    const run = new AbortController();
    running = run;
    const isCurrent = () => running === run;
    const sink = {
      restart: (position: Position) => {
        if (!isCurrent()) return;
        window.restart(position);
        isLive = true;
        wakeAll();
      },
      events: (events: readonly RecordedEvent[]) => {
        if (isCurrent() && window.add(events)) wakeAll();
      },
      newest: window.newest,
    };
    subscribe(sink, run.signal).catch((error: Error) => {
      if (isCurrent()) endAll(error);
    });
  }

  function stop(): void {
    running?.abort();
    running = undefined;
    isLive = false;
    window.restart(startOfLog);
  }

  return {
    coveredAfter: window.coveredAfter,
    newest: window.newest,
    eventsAfter: window.eventsAfter,
    isLive: () => isLive,
    join: (follower) => {
      if (closed) return follower.end();
      followers.add(follower);
      if (running === undefined) start();
    },
    leave: (follower) => {
      if (followers.delete(follower) && followers.size === 0) stop();
    },
    close: () => {
      closed = true;
      endAll();
    },
  };
}
