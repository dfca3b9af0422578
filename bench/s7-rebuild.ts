import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runContestant } from './child.ts';
import type { RebuildOptions } from './contestants/rebuild.ts';
import type { ScanAndWriteOptions } from './contestants/scan-and-write.ts';
import type { HistoryOptions } from './history.ts';
import { formatNumber, spread } from './measure.ts';
import { emmettPeers } from './peers/emmett.ts';
import type { EmmettRebuildOptions } from './peers/emmett-rebuild.ts';
import { seed } from './random.ts';
import type { Row, RowOptions } from './row.ts';

/** Every read model from a log of a million events, of which 80 % are marks. */
export const rebuildRow: Row = {
  name: 'S7',
  title: 'every read model from 1 M events, 80 % marks',
  unit: 'µs an event',
  reaches: [
    { against: 'limit', ratio: 'ours / other', bound: 'at most', value: 2 },
    { against: 'emmett-sqlite', ratio: 'other / ours', bound: 'at least', value: 20 },
  ],
  async prepare({ short, directory }: RowOptions) {
    const events = short ? 100_000 : 1_000_000;
    const emmettEvents = short ? 2_000 : 10_000;
    const logFile = join(directory, 'log.db');
    const rowsFile = join(directory, 'rows.db');
    const groups = { largeGroup: 10_000, smallGroups: 200, smallGroup: 50 };
    const history: HistoryOptions = { file: logFile, events, ...groups };
    await runContestant('contestants/write-history.ts', history);
    const reference: RebuildOptions = { logFile, readModelsFile: rowsFile };
    await runContestant('contestants/rebuild.ts', reference);
    const counting: number[] = [];
    const scanning: number[] = [];

    /** Runs with a folder of its own, which is emptied at once: a run writes several hundred megabytes. */
    async function inFolder<Result>(run: (folder: string) => Promise<Result>): Promise<Result> {
      const folder = await mkdtemp(join(directory, 'run-'));
      try {
        return await run(folder);
      } finally {
        await rm(folder, { recursive: true });
      }
    }

    const perEvent = (seconds: number): number => (seconds * 1e6) / events;

    const rebuild = (): Promise<number> =>
      inFolder(async (folder) => {
        const options: RebuildOptions = { logFile, readModelsFile: join(folder, 'read-models.db') };
        const result = await runContestant<{ seconds: number; countingSeconds: number }>(
          'contestants/rebuild.ts',
          options,
        );
        counting.push(result.countingSeconds);
        return perEvent(result.seconds);
      });

    const scanAndWrite = (): Promise<number> =>
      inFolder(async (folder) => {
        const options: ScanAndWriteOptions = { logFile, rowsFile, readModelsFile: join(folder, 'read-models.db') };
        const result = await runContestant<{ seconds: number; scanSeconds: number }>(
          'contestants/scan-and-write.ts',
          options,
        );
        scanning.push(result.scanSeconds);
        return perEvent(result.seconds);
      });

    const emmett = (pulling?: EmmettRebuildOptions['pulling']): Promise<number> =>
      inFolder(async (folder) => {
        const options: EmmettRebuildOptions = {
          ...{ logFile, file: join(folder, 'emmett.db'), events: emmettEvents },
          ...(pulling !== undefined && { pulling }),
        };
        const result = await runContestant<{ microsecondsPerEvent: number }>('peers/emmett-rebuild.ts', options);
        return result.microsecondsPerEvent;
      });

    const peers = emmettPeers([
      {
        name: 'emmett-sqlite',
        kind: 'peer',
        title: `emmett’s consumer as it comes, messages and marks only, ${formatNumber(emmettEvents)} events`,
        run: () => emmett(),
      },
      {
        name: 'emmett-sqlite-tuned',
        kind: 'peer',
        title: 'the same, 1,000 messages to a batch and 1 ms between two',
        run: () => emmett({ batchSize: 1_000, pullingFrequencyInMs: 1 }),
      },
    ]);
    return {
      contestants: [
        {
          name: 'ours',
          kind: 'ours',
          title: 'runProjection into a fresh file, aggregated counts included',
          run: rebuild,
        },
        {
          name: 'limit',
          kind: 'limit',
          title: 'scan, JSON.parse, bulk write of the same rows from memory',
          run: scanAndWrite,
        },
        ...peers.contestants,
      ],
      absent: peers.absent,
      notes: () => [
        `${formatNumber(events)} events, seed ${seed}. Of ours, ${formatNumber(spread(counting).median)} s went into the aggregated counts; of the limit, ${formatNumber(spread(scanning).median)} s into scanning and parsing.`,
        `Emmett’s figure is that of ${formatNumber(emmettEvents)} events, taken per event: a million would take it the same or longer.`,
      ],
    };
  },
};
