import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { runContestant } from './child.ts';
import type { CountsOptions, CountsResult } from './contestants/counts-in-process.ts';
import { formatNumber, spread } from './measure.ts';
import { startRedis, whyNoRedis } from './peers/redis.ts';
import type { RedisCountsOptions } from './peers/redis-counts.ts';
import type { SqlCountsOptions } from './peers/sql-counts.ts';
import type { Contestant, Row, RowOptions } from './row.ts';

/** The counts of a page: 50 messages of a million in a group of 10,000. */
export const countsRow: Row = {
  name: 'S6',
  title: 'read counts of a 50-message page, 10,000 members, 1 M messages, p99',
  unit: 'µs a page',
  reaches: [
    { against: 'limit', ratio: 'ours / other', bound: 'at most', value: 2 },
    { against: 'sql', ratio: 'other / ours', bound: 'at least', value: 1_000 },
  ],
  // It never leaves the process's memory.
  hasServerForm: false,
  async prepare({ short, directory }: RowOptions) {
    const moved: number[] = [];
    /** Measured with ours, block by block, and handed out when the limit's turn comes. */
    let limit = Number.NaN;
    const folder = (): Promise<string> => mkdtemp(join(directory, 'run-'));

    async function ours(): Promise<number> {
      const options: CountsOptions = { pages: short ? 50_000 : 200_000 };
      const result = await runContestant<CountsResult>('contestants/counts-in-process.ts', options);
      limit = result.limit;
      moved.push(result.moveMarksPerSecond);
      return result.ours;
    }

    async function sql(): Promise<number> {
      const options: SqlCountsOptions = { file: join(await folder(), 'marks.db'), pages: short ? 300 : 1_000 };
      return (await runContestant<{ p99: number }>('peers/sql-counts.ts', options)).p99;
    }

    async function redisCounts(): Promise<number> {
      const redis = await startRedis(await folder());
      try {
        const options: RedisCountsOptions = { port: redis.port, pages: short ? 2_000 : 10_000 };
        return (await runContestant<{ p99: number }>('peers/redis-counts.ts', options)).p99;
      } finally {
        await redis.close();
      }
    }

    const noRedis = whyNoRedis();
    const redis: Contestant = {
      name: 'redis',
      kind: 'peer',
      title: '50 × ZCOUNT in one write over the loopback',
      run: redisCounts,
    };
    return {
      contestants: [
        { name: 'ours', kind: 'ours', title: 'readCount of a hot group, in process', run: ours },
        {
          name: 'limit',
          kind: 'limit',
          title: 'hand-written prefix sums over one typed array, in the same process',
          run: async () => limit,
        },
        { name: 'sql', kind: 'peer', title: 'node:sqlite, count(*) on marks by an index, 50 × a page', run: sql },
        ...(noRedis === undefined ? [redis] : []),
      ],
      absent: noRedis === undefined ? [] : [{ name: 'redis', reason: noRedis }],
      notes: () => [`Ours also moved ${formatNumber(spread(moved).median)} marks/s while it was fed.`],
    };
  },
};
