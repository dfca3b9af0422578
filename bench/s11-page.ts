import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openSqliteReadModelBuilds } from '../src/adapters/sqlite/read-model-builds.ts';
import { filesOf } from '../src/processes/data-directory.ts';
import { pinning, runContestant } from './child.ts';
import type { PageLatencies, PageReaderOptions } from './contestants/page-reader.ts';
import { spread } from './measure.ts';
import type { PagesHistoryOptions } from './pages-history.ts';
import type { Row, RowOptions } from './row.ts';
import { createGroup, newestSeq, startServer } from './server.ts';

const clients = 64;
const [large, small] = ['pages-large', 'pages-small'];
const messagesOfSmall = 2_000;

/**
 * Pages of 50 messages, the newest one and the nineteen before it in turn, of a long group and of a short one, while 64
 * members send to a third as fast as they can (S3). Both groups' pages and the bare rows are read in turn by one client,
 * so a round's three figures are of the same seconds.
 */
export const pageRow: Row = {
  name: 'S11',
  title: 'a timeline page of 50 over GraphQL under S3’s load, p99',
  unit: 'ms',
  reaches: [{ against: 'short group', ratio: 'ours / other', bound: 'at most', value: 1.1 }],
  hasServerForm: false,
  async prepare({ short, directory }: RowOptions) {
    const messages = short ? 100_000 : 1_000_000;
    const [warmUpSeconds, seconds] = short ? [2, 5] : [3, 15];
    const data = join(directory, 'data');
    await mkdir(data);
    const history: PagesHistoryOptions = {
      file: filesOf(data).log,
      groups: { [large]: messages, [small]: messagesOfSmall },
      members: clients,
    };
    await runContestant('contestants/write-pages-history.ts', history);
    const server = await startServer('product', data);
    try {
      const stored = await newestSeq(server, large, messages);
      if (stored !== messages) throw new Error(`the read models hold ${stored} of ${messages} messages`);
    } catch (error) {
      await server.stop();
      throw error;
    }
    const readModelsFile = await servedFile(data);
    const sent: number[] = [];
    const counts: number[] = [];

    /** The three figures of one round. The first of the contestants takes them all. */
    async function measure(): Promise<PageLatencies> {
      // Of its own: in one that has them already, the same messages would be sent for nothing.
      const groupId = `hot-${sent.length}`;
      await createGroup(server, groupId, clients);
      const options: Omit<PageReaderOptions, 'url' | 'secret'> = {
        groupIds: [large, small],
        readModelsFile,
        warmUpSeconds,
        seconds,
      };
      const [load, pages] = await Promise.all([
        server.load({ operation: 'send', groupId, clients, warmUpSeconds, seconds }),
        server.readPages(options),
      ]);
      sent.push(load.perSecond);
      counts.push(pages.count);
      return pages;
    }

    let latest: PageLatencies | undefined;
    const taken = (figure: (latencies: PageLatencies) => number | undefined) => async (): Promise<number> =>
      (latest && figure(latest)) ?? Number.NaN;
    return {
      contestants: [
        {
          name: 'ours',
          kind: 'ours',
          title: `a group of ${messages.toLocaleString('en-US')} messages`,
          run: async () => {
            latest = await measure();
            return latest.pages[large] ?? Number.NaN;
          },
        },
        {
          name: 'short group',
          kind: 'peer',
          title: `the same page of a group of ${messagesOfSmall.toLocaleString('en-US')}, in turn with it`,
          run: taken(({ pages }) => pages[small]),
        },
        {
          name: 'limit',
          kind: 'limit',
          title: 'the same rows of the long group by SQLite, in the client’s process',
          run: taken(({ rows }) => rows),
        },
      ],
      absent: [],
      notes: () => [
        `Meanwhile ${Math.round(spread(sent).median).toLocaleString('en-US')} messages/s were sent and acknowledged; ${spread(counts).median} pages of each group a round.`,
        `Every page was looked at: 50 messages without a gap; ${pinning}.`,
      ],
      close: server.stop,
    };
  },
};

async function servedFile(data: string): Promise<string> {
  const folder = filesOf(data).readModels;
  const builds = openSqliteReadModelBuilds({ directory: folder });
  try {
    const served = await builds.served();
    if (served === undefined) throw new Error('no read models are served');
    return join(folder, `${served}.db`);
  } finally {
    await builds.close();
  }
}
