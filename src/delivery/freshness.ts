import type { Position } from '../ports/event-log.ts';
import { type ReadModels, ReadModelsUnavailable } from '../ports/read-models.ts';
import type { Behind } from './delivery-refusal.ts';
import type { LiveFeed } from './live-feed.ts';

/** How long a query waits for what it asks to see, before it is told that the answer is behind. */
const patienceMilliseconds = 5_000;
/** How often the checkpoint is looked at while somebody waits and nobody announces it; one look serves all who wait. */
const pollMilliseconds = 10;

export interface Freshness {
  /**
   * Resolves once the read models and the live counts hold everything up to `position`, and everything that the log held
   * when this process started: with nothing, or with how far they are when that takes too long. Throws why the read
   * models cannot be used.
   */
  atLeast(position: Position | undefined | null): Promise<Behind | undefined>;
  /** True once the read models have held what the log held when this process started. */
  ready(): Promise<boolean>;
}

export function createFreshness(options: {
  readonly readModels: Pick<ReadModels, 'checkpoint'>;
  readonly feed: Pick<LiveFeed, 'reached'>;
  readonly startPosition: Position;
}): Freshness {
  const { readModels, feed, startPosition } = options;
  // Checkpoints only grow while a process lives, so what was once reached need not be asked again.
  let known: Position = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    try {
      known = Math.max(known, await readModels.checkpoint());
    } finally {
      looking = undefined;
    }
  }

  async function projected(position: Position): Promise<boolean> {
    if (position > known) {
      looking ??= look();
      await looking;
    }
    return position <= known;
  }

  const behind = (wanted: Position): Behind => ({ kind: 'behind', checkpoint: known, wanted });

  return {
    async atLeast(position) {
      const wanted = Math.max(startPosition, position ?? startPosition);
      const deadline = performance.now() + patienceMilliseconds;
      for (let fault: unknown; ; ) {
        try {
          if (await projected(wanted)) break;
          fault = undefined;
        } catch (error) {
          // They may be about to be there: at a first start their collections are made while requests come in.
          if (!(error instanceof ReadModelsUnavailable)) throw error;
          fault = error;
        }
        if (performance.now() > deadline) {
          if (fault !== undefined) throw fault;
          return behind(wanted);
        }
        await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
      }
      return (await feed.reached(wanted, Math.max(0, deadline - performance.now()))) ? undefined : behind(wanted);
    },
    ready: () => projected(startPosition),
  };
}
