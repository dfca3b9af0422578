import type { RecordedEvent } from '../../ports/event-log.ts';
import type { Connection } from './connection.ts';
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
      const events = arrived;
      arrived = [];
      if (events.length > 0) subscriber.events(events);
      if (place !== undefined) subscriber.reached(place);
      place = undefined;
    }

    function settle(error?: unknown): void {
      signal.removeEventListener('abort', abort);
      handOn();
      if (error === undefined) resolve();
      else reject(error);
    }

    function abort(): void {
      cancel();
      settle();
    }

    signal.addEventListener('abort', abort);
    const cancel = connection.read(subscribeRequest(after), deadlineMilliseconds, {
      message: (response) => {
        subscriber.heard();
        const checkpoint = response.getCheckpoint();
        try {
          const event = recordedEvent(response);
          if (event !== undefined) {
            arrived.push(event);
            place = { commit: event.position, prepare: event.position };
          } else if (checkpoint !== undefined) {
            place = {
              commit: Number(checkpoint.getCommitPosition()),
              prepare: Number(checkpoint.getPreparePosition()),
            };
          }
        } catch (error) {
          cancel();
          return settle(error);
        }
        flush ??= setImmediate(handOn);
      },
      ended: settle,
    });
  });
}
