import type { Position, RecordedEvent } from '../../ports/event-log.ts';
import type { Pages } from '../following/follow-log.ts';
import type { Connection } from './connection.ts';
import { unavailable } from './faults.ts';
import { createLane } from './lanes.ts';
import { type ReadCallOptions, readWhile } from './read-call.ts';
import { recordedEvent, UnsupportedPosition } from './recorded-event.ts';
import { type Place, placeOf, subscribeRequest } from './requests.ts';

const maximumPageEvents = 2_000;
const maximumPageCharacters = 8 * 1024 * 1024;
/** Few, since each is a call for as long as it reads. */
const concurrentPages = 8;

/**
 * Reads the log by pages that are each a short subscription, because only subscriptions are filtered by the server, and
 * a log full of other people's events is then searched where it is. A page ends by its size or by reaching its end, not
 * by the server's word that it has caught up, which one that lags behind its cluster may give too early: it waits for the
 * event at `until`. It remembers how far it has come through a stretch in which nothing is Highwater's.
 *
 * Pages reject with LogUnavailable, after which the next one may be asked for again, or with UnsupportedPosition.
 */
export function createCatchUps(connection: Connection, options: ReadCallOptions): (after: Position) => Pages {
  const lane = createLane(concurrentPages);

  return (after) => {
    let position = after;
    let place: Place | 'start' = placeOf(after);

    async function nextPage(until: Position, signal: AbortSignal): Promise<readonly RecordedEvent[]> {
      const events: RecordedEvent[] = [];
      let characters = 0;
      const request = subscribeRequest(place);
      await lane.run(options.silenceMilliseconds, (silenceMilliseconds) =>
        readWhile(connection, request, { silenceMilliseconds, signal }, (answer) => {
          const event = recordedEvent(answer);
          if (event === undefined) {
            // Only where nothing has come before it: a page that fails is read again as a whole.
            if (answer.checkpoint !== undefined && events.length === 0) place = answer.checkpoint;
            return 'go on';
          }
          if (event.position <= position) return 'go on';
          events.push(event);
          characters += event.data.length + event.metadata.length;
          const isFull = events.length >= maximumPageEvents || characters >= maximumPageCharacters;
          return isFull || event.position >= until ? 'stop' : 'go on';
        }),
      );
      const last = events.at(-1);
      if (last !== undefined && !signal.aborted) {
        position = last.position;
        place = placeOf(position);
      }
      return events;
    }

    return {
      next: async (until, signal) => {
        try {
          return await nextPage(until, signal);
        } catch (error) {
          throw error instanceof UnsupportedPosition ? error : unavailable('catching up', error);
        }
      },
    };
  };
}
