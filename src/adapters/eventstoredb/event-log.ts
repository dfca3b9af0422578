import { type EventLog, LogUnavailable } from '../../ports/event-log.ts';
import type { Backoff } from '../following/backoff.ts';
import { followLog } from '../following/follow-log.ts';
import { createLiveFeed, type Hear } from '../following/live-feed.ts';
import { createAppend } from './append.ts';
import { createCatchUps } from './catch-up.ts';
import { createConnection } from './connection.ts';
import { createReads } from './reads.ts';
import { type SubscriptionFault, superviseSubscription } from './supervised-subscription.ts';

export { ConnectionStringRefused } from './connection-string.ts';
export { UnsupportedPosition } from './recorded-event.ts';
export { SubscriptionFault } from './supervised-subscription.ts';

export interface EventStoreLogOptions {
  /**
   * A connection string as clients of EventStoreDB and KurrentDB document them, such as
   * `esdb://admin:changeit@localhost:2113?tls=false`, or `kurrentdb://a:2113,b:2113,c:2113` for a cluster.
   */
  readonly url: string;
  /** Of every call; for one that reads, how long the server may say nothing. */
  readonly deadlineMilliseconds?: number;
  /** How long it may take, after that, to find out what has become of an append whose answer did not come. */
  readonly settleMilliseconds?: number;
  /** After so long without a word from the subscription, it is examined. */
  readonly silenceMilliseconds?: number;
  /** Between attempts at what has failed. */
  readonly backoff?: Backoff;
  /** Told of every fault of the subscription, which is then resumed. */
  readonly onFault?: (fault: SubscriptionFault) => void;
  /** Told when something is heard again after a fault. */
  readonly onResumed?: () => void;
}

const defaults = {
  deadlineMilliseconds: 5_000,
  settleMilliseconds: 10_000,
  // With the deadline of the look that follows, the subscription to a dead server is given up after 10 s.
  silenceMilliseconds: 5_000,
  // What has ended is resumed at once when the server is there, and within 2 s of its being back when it was not.
  backoff: { first: 50, most: 2_000 },
  onFault: () => {},
  onResumed: () => {},
};

type Parts = Parameters<typeof superviseSubscription>;

/**
 * The event log in an EventStoreDB, or a KurrentDB. It does not need to be up: until it is, calls reject with
 * LogUnavailable, and those who follow wait. Positions are EventStoreDB's commit positions; other people's streams are
 * neither read from the log nor followed. Rejects with ConnectionStringRefused.
 *
 * All followers share one subscription, kept alive by `subscribing`. Whoever is behind reads on by pages.
 */
export async function openEventStoreLog(
  given: EventStoreLogOptions,
  subscribing: (...parts: Parts) => Hear = superviseSubscription,
): Promise<EventLog> {
  const options = { ...defaults, ...given };
  const connection = createConnection(options.url);
  const reading = { silenceMilliseconds: options.deadlineMilliseconds };
  const reads = createReads(connection, reading);
  const append = createAppend(connection, reads, options);
  const feed = createLiveFeed(subscribing(connection, reads, options));
  const followed = {
    feed,
    pagesAfter: createCatchUps(connection, reading),
    endPosition: reads.endPosition,
    mayPass: (error: unknown) => error instanceof LogUnavailable,
    backoff: options.backoff,
  };
  const appends = new Set<Promise<unknown>>();
  let closed: Promise<void> | undefined;
  const appendsRefused = () => (closed === undefined ? undefined : 'the event log is closed');

  return {
    append: (streamName, expectedVersion, events) => {
      const refused = appendsRefused();
      if (refused !== undefined) return Promise.reject(new LogUnavailable(refused));
      const result = append(streamName, expectedVersion, events);
      appends.add(result);
      const finished = () => appends.delete(result);
      result.then(finished, finished);
      return result;
    },
    appendsRefused,
    readStream: reads.readStream,
    readStreamBackwards: reads.readStreamBackwards,
    readAll: reads.readAll,
    readAllBackwards: reads.readAllBackwards,
    endPosition: reads.endPosition,
    subscribe: (after, signal) => followLog(followed, after, signal),
    close: () => {
      feed.close();
      closed ??= Promise.allSettled(appends).then(() => connection.close());
      return closed;
    },
  };
}
