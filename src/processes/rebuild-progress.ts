import type { EventLog, Position } from '../ports/event-log.ts';
import type { LogToLookInto } from '../projections/checkpoint-in-log.ts';

export type FollowedLog = Pick<EventLog, 'subscribe'> & LogToLookInto;

export type RebuildProgress =
  | { readonly phase: 'filling'; readonly events: number; readonly reached: Position; readonly end: Position }
  | { readonly phase: 'comparing'; readonly groups: number; readonly found: number };

interface Tracked {
  readonly log: FollowedLog;
  readonly onProgress?: (progress: RebuildProgress) => void;
}

export interface TrackedProgress {
  /** How many were read so far. */
  events(): number;
  /** The same log, whose events are counted as they are read. */
  counting(log: FollowedLog): FollowedLog;
  /** Everything up to here is in the rows. */
  reached(checkpoint: Position, caughtUp: boolean): void;
  /** Resolves once it is there; rejects with the signal's reason. */
  until(wanted: Position, signal: AbortSignal): Promise<void>;
}

/** How far the projection is, for whoever waits and whoever looks on. */
export async function trackProgress({ log, onProgress = () => {} }: Tracked): Promise<TrackedProgress> {
  const end = await log.endPosition();
  let [events, position, isCaughtUp] = [0, Number.NEGATIVE_INFINITY, false];
  let changed = Promise.withResolvers<void>();
  return {
    events: () => events,
    counting: (followed: FollowedLog): FollowedLog => ({
      endPosition: () => followed.endPosition(),
      readStream: (...place) => followed.readStream(...place),
      readStreamBackwards: (...place) => followed.readStreamBackwards(...place),
      readAll: (...place) => followed.readAll(...place),
      readAllBackwards: (...place) => followed.readAllBackwards(...place),
      async *subscribe(...place) {
        for await (const batch of followed.subscribe(...place)) {
          events += batch.events.length;
          if (!isCaughtUp)
            onProgress({ phase: 'filling', events, reached: batch.events.at(-1)?.position ?? position, end });
          yield batch;
        }
      },
    }),
    reached(checkpoint: Position, caughtUp: boolean): void {
      position = checkpoint;
      isCaughtUp ||= caughtUp || checkpoint >= end;
      changed.resolve();
      changed = Promise.withResolvers();
    },
    async until(wanted: Position, signal: AbortSignal): Promise<void> {
      const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      while (position < wanted) {
        signal.throwIfAborted();
        await Promise.race([changed.promise, aborted]);
      }
      signal.throwIfAborted();
    },
  };
}
