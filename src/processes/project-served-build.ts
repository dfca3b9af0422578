import type { EventLog, Position } from '../ports/event-log.ts';
import { type Build, BuildGone, type BuildId, type ReadModelBuilds } from '../ports/read-model-builds.ts';
import { LeaseLost, ReadModelsCorrupt } from '../ports/read-model-faults.ts';
import { CheckpointNotInLog, type LogToLookInto } from '../projections/checkpoint-in-log.ts';
import { type ProjectionOptions, runProjection } from '../projections/run-projection.ts';

export interface ProjectingBuilds extends Omit<ProjectionOptions, 'writer' | 'once' | 'onCheckpoint'> {
  readonly log: Pick<EventLog, 'subscribe'> & LogToLookInto;
  readonly builds: ReadModelBuilds;
  /** Another build is projected from here on; `serving` says whether it is served already, or filled first. */
  readonly onBuild: (id: BuildId, serving: boolean) => void;
  /** A first build is filled: so far, of so much. */
  readonly onFilling?: ((reached: Position, end: Position) => void) | undefined;
  /** How often it is looked whether another build is served. 500 ms by default. */
  readonly pollMilliseconds?: number;
  readonly logger: { readonly [level in 'warn' | 'error']: (about: object, text: string) => void };
}

/**
 * Projects the log into the build that is served, and into the next one as soon as that is served in its place. Where none
 * is, one is filled from the log, beside everything, and served once it has caught up. Ends when `signal` aborts. A build
 * that turns out to be corrupt is thrown away and another one filled: the log holds everything that it did. Rejects with
 * CheckpointNotInLog where the served build is of another log, and with what the stores throw.
 */
export async function projectServedBuild(options: ProjectingBuilds): Promise<void> {
  const { builds, signal, logger } = options;
  while (!signal.aborted) {
    const served = await builds.served();
    const id = served ?? (await buildToFill(builds));
    try {
      if (served !== undefined) await follow(options, id);
      else if ((await fillAndServe(options, id)) === 'refused' && (await builds.served()) === undefined) {
        // Somebody was about to discard it, and has not come to that: nobody can ever serve it.
        logger.warn({ build: id }, 'a build that cannot be served is thrown away; another one is filled');
        await builds.discard(id);
      }
    } catch (error) {
      if (await isGone(builds, id, error))
        logger.warn({ build: id }, 'the read models were thrown away; they are built anew');
      else if (error instanceof ReadModelsCorrupt) {
        logger.error({ build: id, reason: error.message }, 'the read models are corrupt; they are built anew');
        await builds.throwAway(id);
      } else if (error instanceof CheckpointNotInLog && served === undefined) await builds.discard(id);
      else throw error;
    }
  }
}

/** Its writer may be told only that it is not the writer any more. */
async function isGone(builds: ReadModelBuilds, id: BuildId, error: unknown): Promise<boolean> {
  if (error instanceof BuildGone) return true;
  return error instanceof LeaseLost && !(await builds.list()).some((build) => build.id === id);
}

/** Those of this version, the oldest first. */
export async function ownBuilds(builds: ReadModelBuilds): Promise<readonly Build[]> {
  return (await builds.list()).filter(({ schemaVersion }) => schemaVersion === builds.schemaVersion);
}

/** What another attempt has begun is gone on with: the newest one. */
async function buildToFill(builds: ReadModelBuilds): Promise<BuildId> {
  return (await ownBuilds(builds)).at(-1)?.id ?? (await builds.create());
}

/** `refused`: it holds what the log held, and yet it could not be served. */
async function fillAndServe(options: ProjectingBuilds, id: BuildId): Promise<'refused' | 'done'> {
  const { builds, log, onBuild, onFilling } = options;
  let outcome: 'refused' | 'done' = 'done';
  await whileServed(options, undefined, async (signal) => {
    const writer = await builds.openWriter(id, signal);
    try {
      const end = await log.endPosition();
      const begun = once(() => onBuild(id, false));
      const onCheckpoint = (reached: Position): void => {
        begun();
        onFilling?.(reached, end);
      };
      await runProjection({ ...options, signal, writer, filling: true, once: true, onCheckpoint });
      if (!signal.aborted && !(await builds.serve(undefined, id))) outcome = 'refused';
    } finally {
      await writer.close();
    }
  });
  return outcome;
}

async function follow(options: ProjectingBuilds, id: BuildId): Promise<void> {
  const { builds, onBuild } = options;
  await whileServed(options, id, async (signal) => {
    const writer = await builds.openWriter(id, signal);
    try {
      // Not before: the log may be away, or another one.
      await runProjection({ ...options, signal, writer, onCheckpoint: once(() => onBuild(id, true)) });
    } finally {
      await writer.close();
    }
  });
}

function once(tell: () => void): () => void {
  let isTold = false;
  return () => {
    if (!isTold) tell();
    isTold = true;
  };
}

/** Runs until `signal` aborts or another build is served than this one; both end it without an error. */
async function whileServed(
  { builds, signal, pollMilliseconds = 500 }: ProjectingBuilds,
  served: BuildId | undefined,
  run: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const replaced = new AbortController();
  const look = async (): Promise<void> => {
    if ((await builds.served()) !== served) replaced.abort();
  };
  // A store that is away says nothing of that.
  const timer = setInterval(() => void look().catch(() => {}), pollMilliseconds);
  const either = AbortSignal.any([signal, replaced.signal]);
  try {
    await run(either);
  } catch (error) {
    if (!either.aborted || error instanceof ReadModelsCorrupt) throw error;
  } finally {
    clearInterval(timer);
  }
}
