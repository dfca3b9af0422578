import { type Position, type RecordedEvent, startOfLog } from '../../ports/event-log.ts';
import { createRecentEvents } from './recent-events.ts';

/** Whoever follows. Its members return at once. */
export interface Follower {
  /** There may be something new. */
  wake(): void;
  /** Nothing more will come: with the error because of which, or because the log is closing. */
  end(error?: Error): void;
}

/** Where new events, or only the word of them, are handed in. */
export interface LiveSink {
  /** Everything up to this position is to be read; from now on, everything after it comes. */
  restart(position: Position): void;
  /**
   * In the log's order. Between `after` and the first of them there is nothing in the log; where `after` is left out,
   * they follow on what came before. Some may have come before.
   */
  events(events: readonly RecordedEvent[], after?: Position): void;
  /** There are events up to this position, which can be read already; whether they come too is open. */
  announced(position: Position): void;
  /** The newest position heard of. */
  newest(): Position;
}

/**
 * Hands in what is new while anybody follows, until the signal aborts. Rejects with what no waiting can help: that ends all
 * who follow.
 */
export type Hear = (sink: LiveSink, signal: AbortSignal) => Promise<void>;

/**
 * The newest events, and who is told of them: one for all who follow a log in this thread. What it hears of it keeps for
 * as long as somebody follows.
 */
export interface LiveFeed extends LiveSink {
  /** Whether anything was heard since somebody follows; before, `newest` means nothing. */
  isLive(): boolean;
  /** The events right after `position`, in an array shared by all, if they are in memory. */
  eventsAfter(position: Position): readonly RecordedEvent[] | undefined;
  /** How far whoever is at `position`, and finds no events here, has to read; undefined where what comes next will come. */
  toBeReadAfter(position: Position): Position | undefined;
  isFollowed(): boolean;
  join(follower: Follower): void;
  leave(follower: Follower): void;
  /** Ends every follower, those that come later too. */
  close(): void;
}

/** `hear` begins with the first follower and ends with the last. Without it, only what is handed in directly is heard. */
export function createLiveFeed(hear?: Hear): LiveFeed {
  const recent = createRecentEvents();
  const followers = new Set<Follower>();
  let hearing: AbortController | undefined;
  let newest: Position | undefined;
  let closed = false;

  function announced(position: Position): void {
    if (newest !== undefined && position <= newest) return;
    newest = position;
    for (const follower of followers) follower.wake();
  }

  const sink: LiveSink = {
    restart: (position) => {
      recent.restart(position);
      announced(position);
    },
    events: (events, after = recent.newest()) => {
      const last = events.at(-1);
      if (last === undefined) return;
      if (followers.size > 0) recent.add(events, after);
      announced(last.position);
    },
    announced,
    newest: () => newest ?? startOfLog,
  };

  function endAll(error?: Error): void {
    for (const follower of [...followers]) follower.end(error);
  }

  function start(): void {
    if (hear === undefined) return;
    const run = new AbortController();
    hearing = run;
    /** One that was told to end may hand in something late, which would be out of place. */
    function ifCurrent(part: () => void): void {
      if (hearing === run) part();
    }
    const current: LiveSink = {
      restart: (position) => ifCurrent(() => sink.restart(position)),
      events: (events, after) => ifCurrent(() => sink.events(events, after)),
      announced: (position) => ifCurrent(() => sink.announced(position)),
      newest: sink.newest,
    };
    hear(current, run.signal).catch((error: Error) => ifCurrent(() => endAll(error)));
  }

  function stop(): void {
    hearing?.abort();
    hearing = undefined;
    newest = undefined;
    recent.restart(startOfLog);
  }

  return {
    ...sink,
    isLive: () => newest !== undefined,
    eventsAfter: recent.eventsAfter,
    toBeReadAfter: (position) => {
      if (position < recent.coveredAfter()) return recent.coveredAfter();
      // Announced, and perhaps on its way here: whoever has nothing else to go on with does not wait for that.
      return newest !== undefined && position >= recent.newest() && position < newest ? newest : undefined;
    },
    isFollowed: () => followers.size > 0,
    join: (follower) => {
      if (closed) return follower.end();
      followers.add(follower);
      if (followers.size === 1) start();
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
