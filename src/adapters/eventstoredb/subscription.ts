import type { RecordedEvent } from '../../ports/event-log.ts';
import type { Connection } from './connection.ts';
import type { ReadAnswer } from './read-answer.ts';
import { recordedEvent } from './recorded-event.ts';
import { type Place, subscribeRequest } from './requests.ts';

/** What one subscription brings. */
export interface Subscriber {
  /** Something has come, be it only a sign of life. */
  heard(): void;
  /** In the log's order, those that came in one turn of the event loop together. Some may have come before. */
  events(events: readonly RecordedEvent[]): void;
  /** Everything up to this place has come. */
  reached(place: Place): void;
}

/**
 * Subscribes to Highwater's streams after a place, once. Resolves when the server ends the subscription, which it may do
 * without an error, or when the signal aborts; rejects with CallFailed or UnsupportedPosition. What came last is handed
 * on first.
 */
export function subscribeOnce(
  connection: Connection,
  after: Place | 'start',
  deadlineMilliseconds: number,
  subscriber: Subscriber,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return resolve();
    let arrived: RecordedEvent[] = [];
    let place: Place | undefined;
    let flush: NodeJS.Immediate | undefined;

    function handOn(): void {
      clearImmediate(flush);
      flush = undefined;
      const [events, reached] = [arrived, place];
      arrived = [];
      place = undefined;
      if (events.length > 0) subscriber.events(events);
      if (reached !== undefined) subscriber.reached(reached);
    }

    function settle(error?: unknown): void {
      signal.removeEventListener('abort', abort);
      orFail(handOn);
      if (error === undefined) resolve();
      else reject(error);
    }

    function abort(): void {
      cancel();
      settle();
    }

    /** What is thrown in an event of the call or in a turn of its own must not end the process: it ends the subscription. */
    function orFail(part: () => void): void {
      try {
        part();
      } catch (error) {
        cancel();
        settle(error);
      }
    }

    function hear(answer: ReadAnswer): void {
      subscriber.heard();
      const event = recordedEvent(answer);
      if (event !== undefined) {
        arrived.push(event);
        place = { commit: event.position, prepare: event.position };
      } else if (answer.checkpoint !== undefined) place = answer.checkpoint;
      flush ??= setImmediate(orFail, handOn);
    }

    signal.addEventListener('abort', abort);
    const cancel = connection.read(subscribeRequest(after), deadlineMilliseconds, {
      message: (answer) => orFail(() => hear(answer)),
      ended: settle,
    });
  });
}
