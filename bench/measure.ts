import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AbsentPeer, Contestant, Reach, Row, RowOptions } from './row.ts';
import { describeServers } from './servers.ts';

export interface Spread {
  readonly median: number;
  readonly minimum: number;
  readonly maximum: number;
}

export interface Figure extends Spread {
  readonly name: string;
  readonly kind: Contestant['kind'];
  readonly title: string;
  /** Each run's, in order. */
  readonly runs: readonly number[];
}

export interface JudgedRatio extends Spread {
  readonly against: string;
  readonly ratio: Reach['ratio'];
  /** Undefined where the ratio is shown and not judged. */
  readonly demand: Pick<Reach, 'bound' | 'value'> | undefined;
  readonly holds: boolean;
}

export interface RowResult {
  readonly row: string;
  readonly title: string;
  readonly unit: string;
  /** On which servers ours ran; undefined for the embedded stores. */
  readonly stores?: string | undefined;
  readonly short: boolean;
  readonly figures: readonly Figure[];
  readonly ratios: readonly JudgedRatio[];
  readonly absent: readonly AbsentPeer[];
  readonly notes: readonly string[];
  readonly reached: boolean;
}

const runsOfAFullRow = 5;
const runsOfAShortRow = 1;

/**
 * Measures a row: every contestant once, then all of them again, in the same order. A ratio is taken within one round, so
 * that what the machine does meanwhile meets both sides; a row's ratio is the median of its rounds'.
 */
export async function measureRow(
  row: Row,
  { short, servers: given }: Omit<RowOptions, 'directory'>,
  log: (line: string) => void,
): Promise<RowResult> {
  const servers = row.hasServerForm ? given : undefined;
  const stores = servers && describeServers(servers);
  log(`${row.name}: ${row.title}${stores === undefined ? '' : `, on ${stores}`}`);
  const directory = await mkdtemp(join(tmpdir(), `highwater-bench-${row.name}-`));
  try {
    const prepared = await row.prepare({ short, directory, servers });
    try {
      const { contestants, absent } = prepared;
      for (const { name, reason } of absent) log(`${row.name}  ${name}: not installed: ${reason}`);
      const measured = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
      const rounds = short ? runsOfAShortRow : runsOfAFullRow;
      for (let round = 1; round <= rounds; round += 1) {
        for (const contestant of contestants) {
          const value = await contestant.run();
          measured.get(contestant.name)?.push(value);
          log(`${row.name}  run ${round} of ${rounds}  ${contestant.name}: ${formatNumber(value)} ${row.unit}`);
        }
      }
      const judged = judge(row, contestants, measured);
      return { ...judged, stores, short, absent, notes: (await prepared.notes?.()) ?? [] };
    } finally {
      await prepared.close?.();
    }
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

function judge(
  row: Row,
  contestants: readonly Contestant[],
  measured: ReadonlyMap<string, readonly number[]>,
): Omit<RowResult, 'stores' | 'short' | 'absent' | 'notes'> {
  const figures = contestants.map(({ name, kind, title }) => {
    const runs = measured.get(name) ?? [];
    return { name, kind, title, runs, ...spread(runs) };
  });
  const ours = measured.get('ours') ?? [];
  const ratios = figures
    .filter(({ kind }) => kind === 'limit' || kind === 'peer')
    .map(({ name, runs }) => judgeRatio(row.reaches, name, ours, runs));
  const { name, title, unit } = row;
  const reached = ours.length > 0 && ratios.every(({ holds }) => holds);
  return { row: name, title, unit, figures, ratios, reached };
}

function judgeRatio(
  reaches: readonly Reach[],
  against: string,
  ours: readonly number[],
  other: readonly number[],
): JudgedRatio {
  const reach = reaches.find((candidate) => candidate.against === against);
  // A ratio without a demand is taken the way in which the row's larger numbers are the better ones.
  const isLessBetter = reaches.some((candidate) => candidate.ratio === 'other / ours');
  const ratio = reach?.ratio ?? (isLessBetter ? 'other / ours' : 'ours / other');
  const perRound = ours.map((value, round) => {
    const others = other[round] ?? Number.NaN;
    return ratio === 'ours / other' ? value / others : others / value;
  });
  const result = spread(perRound);
  const holds =
    reach === undefined || (reach.bound === 'at least' ? result.median >= reach.value : result.median <= reach.value);
  return { against, ratio, demand: reach && { bound: reach.bound, value: reach.value }, holds, ...result };
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
  return { median, minimum: sorted[0] ?? Number.NaN, maximum: sorted.at(-1) ?? Number.NaN };
}

/** The value that the given share of the sorted values does not exceed. */
export function percentile(values: readonly number[] | Float64Array, share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 0.1 ? 2 : 4;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}
