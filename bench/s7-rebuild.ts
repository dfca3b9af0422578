import { join } from 'node:path';
import { runContestant } from './child.ts';
import { createRunId } from './database.ts';
import type { HistoryOptions } from './history.ts';
import { formatNumber, spread } from './measure.ts';
import { emmettPeers } from './peers/emmett.ts';
import type { EmmettRebuildOptions } from './peers/emmett-rebuild.ts';
import { seed } from './random.ts';
import type { Row, RowOptions } from './row.ts';
import { inFolder, prepareEmbeddedRebuilds } from './s7-embedded.ts';
import { prepareRebuildsOnServers } from './s7-on-servers.ts';

/** For servers that are too slow for more, HIGHWATER_BENCH_EVENTS shortens the short form further. */
const shortEvents = Number(process.env['HIGHWATER_BENCH_EVENTS'] ?? 100_000);

/** Every read model from a log of a million events, of which 80 % are marks. */
export const rebuildRow: Row = {
  name: 'S7',
  title: 'every read model from 1 M events, 80 % marks',
  unit: 'µs an event',
  reaches: [
    { against: 'limit', ratio: 'ours / other', bound: 'at most', value: 2 },
    { against: 'emmett-sqlite', ratio: 'other / ours', bound: 'at least', value: 20 },
  ],
  hasServerForm: true,
  async prepare({ short, directory, servers }: RowOptions) {
    const events = short ? shortEvents : 1_000_000;
    const emmettEvents = short ? Math.min(2_000, shortEvents / 2) : 10_000;
    const logFile = join(directory, 'log.db');
    // From 100,000 events on, always the same groups; a shorter history would else hold little but their founding.
    const largeGroup = Math.min(10_000, Math.ceil(events / 10));
    const smallGroups = Math.min(200, Math.ceil(events / 500));
    const groups = { largeGroup, smallGroups, smallGroup: 50 };
    const runId = createRunId();
    const history: HistoryOptions = { file: logFile, events, runId: servers && runId, ...groups };
    await runContestant('contestants/write-history.ts', history);
    const rebuilds =
      servers === undefined
        ? await prepareEmbeddedRebuilds(directory, logFile)
        : await prepareRebuildsOnServers(directory, servers, { logFile, runId, events });
    const counting: number[] = [];
    const scanning: number[] = [];
    const handed: number[] = [];

    const perEvent = (measured: { readonly seconds: number; readonly events: number }): number => {
      handed.push(measured.events);
      return (measured.seconds * 1e6) / measured.events;
    };

    async function rebuild(): Promise<number> {
      const result = await rebuilds.rebuild();
      counting.push(result.countingSeconds);
      return perEvent(result);
    }

    async function scanAndWrite(): Promise<number> {
      const result = await rebuilds.scanAndWrite();
      scanning.push(result.scanSeconds);
      return perEvent(result);
    }

    const emmett = (pulling?: EmmettRebuildOptions['pulling']): Promise<number> =>
      inFolder(directory, async (folder) => {
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
    const fresh = servers === undefined ? 'file' : 'database';
    const limitTitle =
      servers === undefined
        ? 'scan, JSON.parse, bulk write of the same rows from memory'
        : 'the client’s subscription, JSON parsed, insertMany of the same documents from memory';
    return {
      contestants: [
        {
          name: 'ours',
          kind: 'ours',
          title: `runProjection into a fresh ${fresh}, aggregated counts included`,
          run: rebuild,
        },
        {
          name: 'limit',
          kind: 'limit',
          title: limitTitle,
          run: scanAndWrite,
        },
        ...peers.contestants,
      ],
      absent: peers.absent,
      notes: async () => [
        `${formatNumber(events)} events, seed ${seed}${others(handed, events)}. Of ours, ${formatNumber(spread(counting).median)} s went into the aggregated counts; of the limit, ${formatNumber(spread(scanning).median)} s into scanning and parsing.`,
        ...(await rebuilds.profile()),
        `Emmett’s figure is that of ${formatNumber(emmettEvents)} events, taken per event: a million would take it the same or longer.`,
      ],
      close: rebuilds.close,
    };
  },
};

/** A log on a server may hold what others have left there, and every one of its events counts. */
function others(handed: readonly number[], events: number): string {
  const most = spread(handed).maximum;
  return most > events ? `, in a log that brought up to ${formatNumber(most)}; figures are per event brought` : '';
}
