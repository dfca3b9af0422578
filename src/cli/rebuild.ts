import type { Command } from 'commander';
import type { Config, readConfig } from '../config.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { BuildId, ReadModelBuilds } from '../ports/read-model-builds.ts';
import type { Comparison } from '../projections/compare-builds.ts';
import type { Difference } from '../projections/compare-rows.ts';
import { createRebuildDisplay, type ShownProgress } from './rebuild-display.ts';

/** What a rebuild works on. */
export interface RebuildTarget {
  readonly log: EventLog;
  readonly builds: ReadModelBuilds;
  close(): Promise<void>;
}

export interface Rebuilt {
  readonly outcome: 'switched' | 'compared' | 'different' | 'overtaken';
  readonly build: BuildId;
  readonly before: BuildId | undefined;
  readonly events: number;
  readonly fillSeconds: number;
  readonly comparison: Comparison | undefined;
  readonly discarded: readonly BuildId[];
}

export interface RebuildDependencies {
  readonly readConfig: typeof readConfig;
  readonly open: (config: Config) => Promise<RebuildTarget>;
  readonly rebuild: (
    options: Pick<RebuildTarget, 'log' | 'builds'> & {
      readonly signal: AbortSignal;
      readonly dryRun: boolean;
      readonly keep: boolean;
      readonly onProgress: (progress: ShownProgress) => void;
      readonly onNotice: (notice: string) => void;
    },
  ) => Promise<Rebuilt>;
}

interface RebuildOptions {
  readonly dryRun?: boolean;
  readonly keep?: boolean;
  readonly json?: boolean;
  readonly data?: string;
}

/** What shells report for a process that an interrupt has ended. */
const interruptedExitCode = 130;

/** `highwater rebuild`: the read models anew from the log, while the system serves. */
export function registerRebuild(program: Command, { readConfig, open, rebuild }: RebuildDependencies): void {
  program
    .command('rebuild')
    .description('build the read models anew beside those that are served, compare both, and switch in one step')
    .option('--dry-run', 'fill and compare, but switch nothing, and discard what was built')
    .option('--keep', 'discard nothing: neither builds of before, nor one that turns out to be different')
    .option('--json', 'the result as JSON')
    .option('--data <directory>', 'where the embedded stores keep their files (HIGHWATER_DATA, ./data)')
    .action(async (options: RebuildOptions) => {
      const config = readConfig(process.env, options.data === undefined ? {} : { data: options.data });
      const target = await open(config);
      try {
        await run(target, rebuild, options);
      } finally {
        await target.close();
      }
    });
}

async function run(
  { log, builds }: RebuildTarget,
  rebuild: RebuildDependencies['rebuild'],
  { dryRun = false, keep = false, json = false }: RebuildOptions,
): Promise<void> {
  const interrupt = new AbortController();
  const onInterrupt = () => interrupt.abort();
  process.on('SIGINT', onInterrupt).on('SIGTERM', onInterrupt);
  const display = createRebuildDisplay(process.stderr);
  const started = performance.now();
  try {
    const { signal } = interrupt;
    const { progress: onProgress, notice: onNotice } = display;
    const rebuilt = await rebuild({ log, builds, signal, dryRun, keep, onProgress, onNotice });
    display.stop();
    const seconds = (performance.now() - started) / 1_000;
    process.stdout.write(`${json ? JSON.stringify({ ...rebuilt, seconds }) : describe(rebuilt, seconds, keep)}\n`);
    if (rebuilt.outcome === 'different' || rebuilt.outcome === 'overtaken') process.exitCode = 1;
  } catch (error) {
    display.stop();
    if (!interrupt.signal.aborted) throw error;
    process.stderr.write('Interrupted. Nothing was switched, and the unfinished build is discarded.\n');
    process.exitCode = interruptedExitCode;
  } finally {
    process.off('SIGINT', onInterrupt).off('SIGTERM', onInterrupt);
  }
}

/** What has come of it, in sentences. */
export function describe(rebuilt: Rebuilt, seconds: number, keep: boolean): string {
  const { outcome, build, before, events, fillSeconds, comparison, discarded } = rebuilt;
  const rate = fillSeconds > 0 ? Math.round(events / fillSeconds) : 0;
  const kept = keep ? 'kept' : 'discarded';
  const ends: Readonly<Record<Rebuilt['outcome'], string>> = {
    switched: `Build ${build} is served now.${before === undefined ? '' : ` Build ${before} is kept.`}`,
    compared: `Nothing was switched; build ${build} is ${kept}.`,
    different: `The builds differ: nothing was switched, and build ${build} is ${kept}.`,
    overtaken: `Another build was served meanwhile: nothing was switched, and build ${build} is ${kept}.`,
  };
  return [
    `Build ${build} was filled from ${events} events in ${fillSeconds.toFixed(1)} s, ${rate}/s; all took ${seconds.toFixed(1)} s.`,
    ...describeComparison(before, comparison),
    ends[outcome],
    ...(discarded.length > 0 ? [`Discarded: ${discarded.join(', ')}.`] : []),
  ].join('\n');
}

function describeComparison(before: BuildId | undefined, comparison: Comparison | undefined): readonly string[] {
  if (comparison === undefined) return ['There is no build of this version to compare it with.'];
  const { groups, rows, checksum, differences, neverStill } = comparison;
  const counts = Object.entries(rows).map(([kind, count]) => `${kind} ${count}`);
  const shownNames = neverStill.slice(0, 10).join(', ') + (neverStill.length > 10 ? ', …' : '');
  return [
    `Compared with build ${before}: ${groups} groups, row by row (${counts.join(', ')}); SHA-256 ${checksum}.`,
    ...(neverStill.length > 0
      ? [`Not compared, as they never stood still: ${neverStill.length} groups (${shownNames}).`]
      : []),
    ...differences.map(describeDifference),
    ...(comparison.hasMoreDifferences ? [`… and more; ${comparison.differentGroups} groups differ in all.`] : []),
  ];
}

function describeDifference({ groupId, kind, key, field, before, after }: Difference): string {
  const place = field === undefined ? `${kind} ${key}` : `${kind} ${key}, ${field}`;
  return `  group ${groupId}: ${place}: served ${before}, new ${after}`;
}
