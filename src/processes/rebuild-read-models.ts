import { type Position, startOfLog } from '../ports/event-log.ts';
import type { Build, BuildId, ReadModelBuilds } from '../ports/read-model-builds.ts';
import { ReadModelsUnwritable } from '../ports/read-model-faults.ts';
import type { ReadModelWriter } from '../ports/row-store.ts';
import { type Comparison, compareBuilds } from '../projections/compare-builds.ts';
import { runProjection } from '../projections/run-projection.ts';
import { ownBuilds } from './project-served-build.ts';
import { type FollowedLog, type RebuildProgress, trackProgress } from './rebuild-progress.ts';

export interface RebuildOptions {
  readonly log: FollowedLog;
  readonly builds: ReadModelBuilds;
  /** Ends it; what it has made by then is discarded. */
  readonly signal: AbortSignal;
  /** Nothing is switched, and the new build is discarded again. */
  readonly dryRun?: boolean;
  /** Nothing is discarded, whatever becomes of it. */
  readonly keep?: boolean;
  readonly onProgress?: (progress: RebuildProgress) => void;
  /** What whoever waits should know besides. */
  readonly onNotice?: (notice: string) => void;
  /** How long somebody else who fills a build is waited for. 1.5 s by default. */
  readonly patienceMilliseconds?: number;
}

export interface RebuildResult {
  /** `different`: the builds hold different rows, and nothing was switched; `overtaken`: another one was served meanwhile. */
  readonly outcome: 'switched' | 'compared' | 'different' | 'overtaken';
  readonly build: BuildId;
  /** The build that was served before; undefined where there was none of this version. */
  readonly before: BuildId | undefined;
  readonly events: number;
  /** From the first event to the end of the log. */
  readonly fillSeconds: number;
  /** Undefined where there was nothing to compare it with. */
  readonly comparison: Comparison | undefined;
  readonly discarded: readonly BuildId[];
}

/** Somebody else is at it, or there is no room for another build. */
export class RebuildRefused extends Error {
  override readonly name = 'RebuildRefused';
}

/** A batch that comes while others write and read may be small: a few a second are enough to keep up. */
const liveIntervalMilliseconds = 15;
const usualPatienceMilliseconds = 1_500;
/** A build that was only just made has no writer yet. */
const justMadeMilliseconds = 10_000;

/**
 * Builds the read models anew from the log while others are served: fills a build beside them, compares it with the one
 * that is served, row by row, and serves it in its place in one step. The one before is kept, and those before that are
 * discarded. Whoever else projects or reads goes on meanwhile, and takes up the new build by itself.
 *
 * Throws RebuildRefused where somebody else is filling a build of this version, the signal's reason, and what the stores
 * throw; nothing was switched then, and nothing is left of it.
 */
export async function rebuildReadModels(options: RebuildOptions): Promise<RebuildResult> {
  const { builds, signal, keep = false } = options;
  const before = await builds.served();
  await requireAlone(options, before);
  const build = await builds.create();
  let isWanted = false;
  try {
    await requireFirst(builds, before, build);
    const result = await fill(options, before, build);
    isWanted = result.outcome === 'switched' || keep;
    const discarded = result.outcome === 'switched' && !keep ? await discardOlder(options, before, build) : [];
    return { ...result, discarded };
  } catch (error) {
    // What was lost to whoever threw the build away, or ended it, says less than that it was ended.
    signal.throwIfAborted();
    throw error;
  } finally {
    if (!isWanted) await builds.discard(build);
  }
}

/** Builds of this version that are younger than the one that is served: somebody fills them, or has left them unfinished. */
async function unfinished(builds: ReadModelBuilds, served: BuildId | undefined): Promise<readonly Build[]> {
  const own = await ownBuilds(builds);
  return own.slice(own.findIndex(({ id }) => id === served) + 1);
}

/** Discards what nobody fills any more. Throws RebuildRefused. */
async function requireAlone(options: RebuildOptions, served: BuildId | undefined): Promise<void> {
  const { builds, onNotice = () => {} } = options;
  for (const { id, createdAt } of await unfinished(builds, served)) {
    const refused = new RebuildRefused(`another build is being filled: ${id}, begun at ${createdAt}`);
    if (Date.now() - Date.parse(createdAt) < justMadeMilliseconds) throw refused;
    const writer = await writerWithin(options, id);
    if (writer === undefined) throw refused;
    await writer.close();
    await builds.discard(id);
    onNotice(`build ${id}, which was never finished, is discarded`);
  }
}

/** Of several who begin at once, the one whose build is the oldest goes on. Throws RebuildRefused. */
async function requireFirst(builds: ReadModelBuilds, served: BuildId | undefined, own: BuildId): Promise<void> {
  const [first] = await unfinished(builds, served);
  if (first === undefined || first.id === own) return;
  throw new RebuildRefused(`another build is being filled: ${first.id}, begun at ${first.createdAt}`);
}

/** Undefined where somebody else is the writer, and stays so for a moment. */
async function writerWithin(
  { builds, signal, patienceMilliseconds = usualPatienceMilliseconds }: RebuildOptions,
  id: BuildId,
): Promise<ReadModelWriter | undefined> {
  const patience = AbortSignal.timeout(patienceMilliseconds);
  try {
    return await builds.openWriter(id, AbortSignal.any([signal, patience]));
  } catch (error) {
    signal.throwIfAborted();
    if (patience.aborted) return undefined;
    throw error;
  }
}

type Filled = Omit<RebuildResult, 'discarded'>;

/** Keeps the new build up with the log for as long as it is compared, and until it is served. */
async function fill(options: RebuildOptions, before: BuildId | undefined, build: BuildId): Promise<Filled> {
  const { builds, log, signal, dryRun = false, onNotice = () => {} } = options;
  const atFirst = before === undefined ? undefined : await positionOf(builds, before);
  const writer = await builds.openWriter(build, signal);
  const ended = new AbortController();
  const progress = await trackProgress(options);
  const startedAt = performance.now();
  const projecting = runProjection({
    log: progress.counting(log),
    writer,
    signal: AbortSignal.any([signal, ended.signal]),
    filling: true,
    liveIntervalMilliseconds,
    onCheckpoint: progress.reached,
    onPoison: ({ groupId, reason }) => onNotice(`group ${groupId} is halted: ${reason}`),
    onFault: (error) => {
      if (error instanceof ReadModelsUnwritable) ended.abort(unwritable(error, before));
      else onNotice(`the read models are tried again: ${error.message}`);
    },
  });
  // Whatever ends it before it was told to ends all that waits for it.
  projecting.then(
    () => ended.abort(new Error('the projection has ended')),
    (error: unknown) => ended.abort(error),
  );
  const either = AbortSignal.any([signal, ended.signal]);
  try {
    await progress.until(await log.endPosition(), either);
    const fillSeconds = (performance.now() - startedAt) / 1_000;
    if (before !== undefined) await bringUp(options, before, atFirst);
    const comparison = before === undefined ? undefined : await compare(options, before, build, either);
    const done = { build, before, events: progress.events(), fillSeconds, comparison };
    if (comparison !== undefined && isDifferent(comparison)) return { ...done, outcome: 'different' };
    if (dryRun) return { ...done, outcome: 'compared' };
    await progress.until(await log.endPosition(), either);
    signal.throwIfAborted();
    return { ...done, outcome: (await serve(builds, before, build)) ? 'switched' : 'overtaken' };
  } finally {
    ended.abort(new Error('it is done'));
    await projecting.catch(() => {});
    await writer.close();
  }
}

/** Whoever waits for room that the new build itself takes would wait for ever. */
function unwritable({ message }: ReadModelsUnwritable, before: BuildId | undefined): RebuildRefused {
  const goesOn = before === undefined ? '' : `; build ${before} is served as before`;
  return new RebuildRefused(`${message}. The unfinished build is discarded${goesOn}.`);
}

/** Where the answer is lost, or says of a second attempt what the first has done, it counts what is served now. */
async function serve(builds: ReadModelBuilds, before: BuildId | undefined, build: BuildId): Promise<boolean> {
  try {
    return (await builds.serve(before, build)) || (await builds.served()) === build;
  } catch (error) {
    const served = await builds.served().catch(() => undefined);
    if (served !== build) throw error;
    return true;
  }
}

/** Groups that never stand still were not compared: where that is all of them, nothing was. */
export const isDifferent = ({ differences, groups, neverStill }: Comparison): boolean =>
  differences.length > 0 || (groups === 0 && neverStill.length > 0);

async function compare(
  options: RebuildOptions,
  served: BuildId,
  build: BuildId,
  signal: AbortSignal,
): Promise<Comparison> {
  const { builds, onProgress = () => {} } = options;
  const [before, after] = [await builds.openContents(served), await builds.openContents(build)];
  try {
    const told = (groups: number, found: number) => onProgress({ phase: 'comparing', groups, found });
    return await compareBuilds({ before, after, signal, onProgress: told });
  } finally {
    await before.close();
    await after.close();
  }
}

const positionOf = async (builds: ReadModelBuilds, wanted: BuildId): Promise<Position | undefined> =>
  (await builds.list()).find(({ id }) => id === wanted)?.checkpoint.position;

/** Where nobody keeps the served build up with the log, as no server runs, it is brought there. */
async function bringUp(options: RebuildOptions, served: BuildId, atFirst: Position | undefined): Promise<void> {
  const { builds, log, signal } = options;
  const now = (await positionOf(builds, served)) ?? startOfLog;
  if (now > (atFirst ?? now) || now >= (await log.endPosition())) return;
  const writer = await writerWithin(options, served);
  try {
    if (writer !== undefined) await runProjection({ log, writer, signal, once: true });
  } finally {
    await writer?.close();
  }
}

/** Those of this version that were served before the one that was replaced, or were to be. */
async function discardOlder(
  { builds, onNotice = () => {} }: RebuildOptions,
  before: BuildId | undefined,
  build: BuildId,
): Promise<readonly BuildId[]> {
  const own = await ownBuilds(builds);
  const place = own.findIndex(({ id }) => id === build);
  const older = own.slice(0, Math.max(0, place));
  const discarded: BuildId[] = [];
  for (const { id } of older.filter((one) => one.id !== before)) {
    try {
      await builds.discard(id);
      discarded.push(id);
    } catch (error) {
      // The new build is served: what is left over is told and can be discarded by hand.
      onNotice(`build ${id} could not be discarded: ${String(error)}`);
    }
  }
  return discarded;
}
