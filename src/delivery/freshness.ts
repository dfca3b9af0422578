import { type EventLog, LogUnavailable, type Position } from '../ports/event-log.ts';
import type { ProjectionProgress } from '../ports/projection-progress.ts';
import { ReadModelsUnavailable } from '../ports/read-model-faults.ts';
import type { Behind, PositionNotReached } from './delivery-refusal.ts';
import type { LiveFeed } from './live-feed.ts';

/** How long a query waits for what it asks to see, before it is told that the answer is behind. */
const patienceMilliseconds = 5_000;
/** How often the checkpoint is looked at while anybody waits; one look serves all who wait. */
const pollMilliseconds = 10;
/** How long a look is relied on: read models that are built anew under this process begin again from nothing. */
const reliedOnMilliseconds = 1_000;

export interface Freshness {
  /**
   * Resolves once the read models and the live counts hold everything up to `position`, and everything that the log held
   * when this process started: with nothing; with how far they are when that takes too long; and at once where the log
   * itself has not reached the position. Throws why the read models cannot be used.
   */
  atLeast(position: Position | undefined | null): Promise<Behind | PositionNotReached | undefined>;
  /** Relies on nothing that was known of the checkpoint, as when the read models are replaced. */
  forgetAll(): void;
  /** True once the read models have held what the log held when this process started. */
  ready(): Promise<boolean>;
}

export interface FreshnessOptions {
  readonly readModels: Pick<ProjectionProgress, 'checkpoint'>;
  readonly feed: Pick<LiveFeed, 'position'>;
  readonly log: Pick<EventLog, 'endPosition'>;
  readonly startPosition: Position;
}

interface Waiting {
  readonly wanted: Position;
  readonly deadline: number;
  readonly resolve: (behind: Behind | undefined) => void;
  readonly reject: (error: unknown) => void;
}

export function createFreshness({ readModels, feed, log, startPosition }: FreshnessOptions): Freshness {
  let known: Position = Number.NEGATIVE_INFINITY;
  let knownAt = Number.NEGATIVE_INFINITY;
  let timesForgotten = 0;
  const lookAtCheckpoint = shared(async () => {
    const begun = timesForgotten;
    const checkpoint = await readModels.checkpoint();
    // It may be that of read models which have been replaced meanwhile.
    if (begun !== timesForgotten) return;
    known = checkpoint;
    knownAt = performance.now();
  });
  const lookAtEnd = shared(() => log.endPosition());
  /** Everybody's patience is the same, so these stand in the order of their deadlines. */
  const waiting = new Set<Waiting>();
  let settledAt: Position = Number.NEGATIVE_INFINITY;

  const reached = (): Position => Math.min(known, feed.position());

  /** Why the log can never bring `wanted`; nothing where it can, or where it does not answer. */
  async function beyondTheEnd(wanted: Position): Promise<PositionNotReached | undefined> {
    if (wanted <= feed.position()) return undefined;
    try {
      if (wanted <= (await lookAtEnd())) return undefined;
      // That look may have begun before what is wanted was written. The next one, which others share, began after it was asked for.
      const end = await lookAtEnd();
      return wanted > end ? { kind: 'position-not-reached', end } : undefined;
    } catch (error) {
      if (!(error instanceof LogUnavailable)) throw error;
      return undefined;
    }
  }

  /** Looks at the checkpoint. What passes is returned: they may be about to be there, as at a first start. */
  async function look(): Promise<ReadModelsUnavailable | undefined> {
    try {
      await lookAtCheckpoint();
      return undefined;
    } catch (error) {
      if (!(error instanceof ReadModelsUnavailable)) throw error;
      return error;
    }
  }

  /** Looks through those who wait, which is only done when something has changed for one of them. */
  function settle(fault: ReadModelsUnavailable | undefined): void {
    settledAt = reached();
    for (const one of waiting) {
      if (one.wanted <= settledAt) one.resolve(undefined);
      else if (performance.now() < one.deadline) continue;
      else if (fault === undefined) one.resolve({ kind: 'behind', checkpoint: settledAt, wanted: one.wanted });
      else one.reject(fault);
      waiting.delete(one);
    }
  }

  /** Goes on while anybody waits, and never rejects. */
  async function poll(): Promise<void> {
    while (waiting.size > 0) {
      await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
      try {
        const fault = await look();
        const [oldest] = waiting;
        const isSomebodyDue = oldest !== undefined && oldest.deadline <= performance.now();
        if (reached() !== settledAt || isSomebodyDue) settle(fault);
      } catch (error) {
        for (const { reject } of waiting) reject(error);
        waiting.clear();
      }
    }
  }

  return {
    async atLeast(position) {
      const wanted = Math.max(startPosition, position ?? startPosition);
      const refused = await beyondTheEnd(wanted);
      if (refused !== undefined) return refused;
      // What was known to be enough a moment ago, and cannot be looked at now, is for the query itself to fail on.
      if (wanted > reached() || knownAt + reliedOnMilliseconds < performance.now()) await look();
      if (wanted <= reached()) return undefined;
      return new Promise((resolve, reject) => {
        waiting.add({ wanted, deadline: performance.now() + patienceMilliseconds, resolve, reject });
        if (waiting.size === 1) void poll();
      });
    },
    forgetAll() {
      timesForgotten += 1;
      known = Number.NEGATIVE_INFINITY;
      knownAt = Number.NEGATIVE_INFINITY;
    },
    async ready() {
      await lookAtCheckpoint();
      return startPosition <= known;
    },
  };
}

/** The same question at the same time is asked once. */
function shared<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
  let asking: Promise<Answer> | undefined;
  return () => {
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  };
}
