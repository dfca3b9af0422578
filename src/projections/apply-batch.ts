import { BuildGone } from '../ports/read-model-builds.ts';
import { LeaseLost, ReadModelsCorrupt, ReadModelsUnavailable, WriterEnded } from '../ports/read-models.ts';
import type { Checkpoint, RowStore } from '../ports/row-store.ts';
import type { Change } from './changes.ts';
import type { ProjectedRows } from './projected-rows.ts';
import {
  changesOf,
  haltOf,
  type Poison,
  type ProjectedBatch,
  type ProjectedEntry,
  poisonOf,
} from './projection-batch.ts';
import { type ProjectionClock, systemClock } from './store-read-counts.ts';

export interface Applying {
  readonly store: Pick<RowStore, 'checkpoint' | 'haltedGroups'>;
  readonly rows: ProjectedRows;
  readonly signal: AbortSignal;
  readonly clock?: ProjectionClock | undefined;
  /** The read models could not be written to; it is tried again. */
  readonly onFault?: ((error: ReadModelsUnavailable) => void) | undefined;
}

export const retryMilliseconds = 1_000;

/** The signal has aborted before the changes could be applied. */
export class ApplyingStopped extends Error {
  override readonly name = 'ApplyingStopped';
}

/**
 * Applies a batch with its halts and the checkpoint, and `last` with them. What is unavailable is tried again for as long
 * as it takes. Where the writer fails on what some group's events say, that group is halted at its first such event, and all
 * else is applied. Resolves with every group that is halted by it, once that is in the rows. Throws ApplyingStopped,
 * ReadModelsCorrupt, LeaseLost, and a defect that is no group's.
 */
export async function applyBatch(
  applying: Applying,
  { entries, poison }: ProjectedBatch,
  checkpoint: Checkpoint,
  last: readonly Change[] = [],
): Promise<readonly Poison[]> {
  const apply = (changes: readonly Change[], upTo: Checkpoint) =>
    untilAvailable(applying, () => applying.rows.apply(changes, upTo));
  try {
    await apply([...changesOf(entries), ...poison.map(haltOf), ...last], checkpoint);
    return poison;
  } catch (error) {
    if (!isDefect(error)) throw error;
    const before = await untilAvailable(applying, () => applying.store.checkpoint());
    const found = await applyApart(entries, (changes) => apply(changes, before), error);
    const halts = [...poison, ...found];
    const failed = new Set(found.map(({ groupId }) => groupId));
    const rest = last.filter(({ groupId }) => !failed.has(groupId));
    await apply([...halts.map(haltOf), ...rest], checkpoint);
    return halts;
  }
}

/**
 * Applies each group by itself, and one that fails event by event: that costs many commits, and happens once for a group.
 * Changes may be applied again, so nobody need know how far the whole batch has come. Where nothing can be applied, or
 * every one of several groups fails, it is not for what a group's events say.
 */
async function applyApart(
  entries: readonly ProjectedEntry[],
  apply: (changes: readonly Change[]) => Promise<void>,
  defect: unknown,
): Promise<readonly Poison[]> {
  await apply([]);
  const groups = Map.groupBy(entries, ({ groupId }) => groupId);
  const failing: (readonly ProjectedEntry[])[] = [];
  for (const ofGroup of groups.values()) {
    if ((await failureOf(() => apply(changesOf(ofGroup)))) !== undefined) failing.push(ofGroup);
  }
  if (groups.size > 1 && failing.length === groups.size) throw defect;
  const poison: Poison[] = [];
  for (const ofGroup of failing) {
    for (const entry of ofGroup) {
      const failure = await failureOf(() => apply(changesOf([entry])));
      if (failure === undefined) continue;
      poison.push(poisonOf(entry, failure.error));
      break;
    }
  }
  return poison;
}

async function failureOf(run: () => Promise<void>): Promise<{ readonly error: unknown } | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    if (!isDefect(error)) throw error;
    return { error };
  }
}

/** What neither passes nor is about the read models as a whole. */
const aboutAll = [ReadModelsUnavailable, ReadModelsCorrupt, LeaseLost, WriterEnded, BuildGone, ApplyingStopped];
export const isDefect = (error: unknown): boolean => !aboutAll.some((kind) => error instanceof kind);

export async function untilAvailable<T>(applying: Applying, run: () => Promise<T>): Promise<T> {
  const { signal, onFault } = applying;
  while (!signal.aborted) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof ReadModelsUnavailable)) throw error;
      onFault?.(error);
    }
    await pause(applying, retryMilliseconds);
  }
  throw new ApplyingStopped('the projection was stopped');
}

/** Ends early when `signal` aborts. */
export async function pause(
  { signal, clock = systemClock }: Pick<Applying, 'signal' | 'clock'>,
  milliseconds: number,
): Promise<void> {
  if (milliseconds === 0 || signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(milliseconds, resolve);
  const end = () => resolve();
  signal.addEventListener('abort', end, { once: true });
  await promise;
  signal.removeEventListener('abort', end);
  cancel();
}
