import { readdirSync, readFileSync } from 'node:fs';
import type { LoadResult } from './contestants/load-generator.ts';
import { formatNumber } from './measure.ts';
import type { RunningServer } from './server.ts';

/** CPU microseconds that each thread of a process has used since it began, by the thread's name. */
export type ThreadTimes = ReadonlyMap<string, number>;

/** Linux counts a thread's time in these, whatever the kernel's own clock. */
const microsecondsPerTick = 10_000;

/** Threads of one name are taken together. Undefined where the system does not say (it is Linux that does). */
export function threadTimes(pid: number): ThreadTimes | undefined {
  const folder = `/proc/${pid}/task`;
  const times = new Map<string, number>();
  try {
    for (const thread of readdirSync(folder)) {
      const stat = readFileSync(`${folder}/${thread}/stat`, 'latin1');
      // The name stands in parentheses and may hold some itself; of the fields after it, 12 and 13 are user's and system's.
      const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const ticks = Number(fields[11]) + Number(fields[12]);
      times.set(name, (times.get(name) ?? 0) + ticks * microsecondsPerTick);
    }
  } catch {
    return undefined;
  }
  return times;
}

/** What was used between two looks, for each of so many operations. Threads that used next to nothing are left out. */
function timesPerOperation(before: ThreadTimes, after: ThreadTimes, operations: number): ThreadTimes {
  const each = [...after].map(([name, time]) => [name, (time - (before.get(name) ?? 0)) / operations] as const);
  return new Map(each.filter(([, time]) => time >= 0.1).sort(([, a], [, b]) => b - a));
}

/** What an operation costs a server, for several kinds of servers. */
export interface ThreadTimesByName {
  /** Puts a load on the server and notes what each acknowledged operation has cost. */
  during(name: string, server: RunningServer, load: () => Promise<LoadResult>): Promise<LoadResult>;
  /** A line for each name, of its median run; none where the system does not say. */
  notes(): readonly string[];
}

export function createThreadTimesByName(): ThreadTimesByName {
  const runsOf = new Map<string, ThreadTimes[]>();
  return {
    async during(name, server, load) {
      const before = server.threadTimes();
      const result = await load();
      const after = server.threadTimes();
      if (before === undefined || after === undefined) return result;
      runsOf.set(name, [...(runsOf.get(name) ?? []), timesPerOperation(before, after, result.acknowledged)]);
      return result;
    },
    notes: () => [...runsOf].map(([name, runs]) => `CPU µs of one operation, ${name}: ${describe(runs)}.`),
  };
}

const total = (times: ThreadTimes): number => [...times.values()].reduce((sum, time) => sum + time, 0);

function describe(runs: readonly ThreadTimes[]): string {
  const median = runs.toSorted((a, b) => total(a) - total(b))[Math.floor(runs.length / 2)] ?? new Map();
  const threads = [...median].map(([name, time]) => `${name} ${formatNumber(time)}`);
  return `${formatNumber(total(median))} in all (${threads.join(', ')})`;
}
