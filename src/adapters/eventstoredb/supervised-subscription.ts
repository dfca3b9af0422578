import type { Position, RecordedEvent } from '../../ports/event-log.ts';
import { type Backoff, pause, pauseAfter } from '../following/backoff.ts';
import type { Hear } from '../following/live-feed.ts';
import { CallFailed } from './call-failed.ts';
import type { Connection } from './connection.ts';
import { unavailable } from './faults.ts';
import type { Reads } from './reads.ts';
import { UnsupportedPosition } from './recorded-event.ts';
import { type Place, placeOf, searchWindowEvents } from './requests.ts';
import { watchForSilence } from './silence.ts';
import { subscribeOnce } from './subscription.ts';

/** Why the subscription is resumed, after `position`. */
export class SubscriptionFault extends Error {
  override readonly name = 'SubscriptionFault';
  /** `ended`: by the server, without an error. `silent`: nothing comes, although there is or should be something. */
  readonly kind: 'ended' | 'failed' | 'silent';
  /** The last position that came in. */
  readonly position: Position;

  constructor(kind: SubscriptionFault['kind'], position: Position, cause?: unknown) {
    super(`${kind} after position ${position}${cause instanceof Error ? `: ${cause.message}` : ''}`, { cause });
    this.kind = kind;
    this.position = position;
  }
}

export interface SupervisionOptions {
  readonly deadlineMilliseconds: number;
  /** After so long without a word, the subscription is examined. */
  readonly silenceMilliseconds: number;
  readonly backoff: Backoff;
  readonly onFault: (fault: SubscriptionFault) => void;
  readonly onResumed: () => void;
}

/** What the log holds may reach a reader of its end a moment before it reaches the subscription. */
const gracePeriods = 10;

/**
 * One subscription, kept alive: whatever ends it is a fault, and so is silence. It is resumed after the last place that
 * it has reached, so that nothing is left out; what comes again is left out by the sink, by its position.
 *
 * Silence alone says little, as an idle log is silent too. So it is followed by a look at the log's end: when that fails,
 * the connection is given up, and when it finds something that should have come, the subscription.
 */
export function superviseSubscription(connection: Connection, reads: Reads, options: SupervisionOptions): Hear {
  return async (sink, signal) => {
    let place: Place | 'start' | undefined;
    let failures = 0;
    let isInterrupted = false;

    async function examine(): Promise<SubscriptionFault | undefined> {
      const reached = place === undefined || place === 'start' ? sink.newest() : Math.max(sink.newest(), place.commit);
      try {
        const found = await reads.lookAfter(reached, searchWindowEvents + 1);
        if (found === 'nothing') return undefined;
      } catch (error) {
        connection.renew();
        return new SubscriptionFault('silent', sink.newest(), error);
      }
      await pause(options.silenceMilliseconds / gracePeriods, signal);
      return new SubscriptionFault('silent', sink.newest());
    }

    /** Runs in a timer, where nobody hears of a rejection: what cannot even be examined is a fault. */
    const examineSafely = () =>
      examine().catch((error: unknown) => new SubscriptionFault('silent', sink.newest(), error));

    async function begin(): Promise<void> {
      const end = await reads.endPosition();
      if (signal.aborted) return;
      sink.restart(end);
      place = placeOf(end);
    }

    async function follow(after: Place | 'start'): Promise<SubscriptionFault> {
      const givingUp = new AbortController();
      let silence: SubscriptionFault | undefined;
      const watch = watchForSilence(options.silenceMilliseconds, examineSafely, (fault) => {
        silence = fault;
        givingUp.abort();
      });
      const subscriber = {
        heard: () => {
          watch.heard();
          if (isInterrupted) options.onResumed();
          isInterrupted = false;
        },
        events: (events: readonly RecordedEvent[]) => {
          failures = 0;
          sink.events(events);
        },
        reached: (reached: Place) => {
          place = reached;
        },
      };
      try {
        const ending = AbortSignal.any([signal, givingUp.signal]);
        await subscribeOnce(connection, after, options.deadlineMilliseconds, subscriber, ending);
        return silence ?? new SubscriptionFault('ended', sink.newest());
      } finally {
        watch.stop();
      }
    }

    async function attempt(): Promise<SubscriptionFault | undefined> {
      try {
        if (place === undefined) await begin();
        return place === undefined ? undefined : await follow(place);
      } catch (error) {
        if (error instanceof UnsupportedPosition) throw error;
        const cause = error instanceof CallFailed ? unavailable('reading the log', error) : error;
        return new SubscriptionFault('failed', sink.newest(), cause);
      }
    }

    while (!signal.aborted) {
      const begun = performance.now();
      const fault = await attempt();
      if (signal.aborted || fault === undefined) return;
      isInterrupted = true;
      options.onFault(fault);
      // One that has lasted for a while was well.
      failures = performance.now() - begun > options.backoff.most ? 1 : failures + 1;
      await pause(pauseAfter(failures, options.backoff), signal);
    }
  };
}
