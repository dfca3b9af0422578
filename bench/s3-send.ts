import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { pinning, runContestant } from './child.ts';
import type { LoadOptions } from './contestants/load-generator.ts';
import type { InsertOptions } from './contestants/sqlite-inserts.ts';
import { hotGroup } from './database.ts';
import { percentile } from './measure.ts';
import { emmettPeers } from './peers/emmett.ts';
import type { EmmettAppendOptions } from './peers/emmett-append.ts';
import type { Contestant, Row, RowOptions } from './row.ts';
import { sampleMessage, sampleRow } from './sample-events.ts';
import { createGroup, newestSeq, type RunningServer, startServer } from './server.ts';
import { type Processes, startBesideEventStore, startProduct } from './server-on-stores.ts';
import { createThreadTimesByName } from './thread-times.ts';

const clients = 64;

/** Durable, acknowledged messages to one hot group: 64 members over one socket each, one message of 300 bytes under way each. */
export const sendRow: Row = {
  name: 'S3',
  title: 'durable, acknowledged sendMessage, one hot group, 64 clients over one socket each',
  unit: 'messages/s',
  reaches: [
    { against: 'emmett-sqlite', ratio: 'ours / other', bound: 'at least', value: 10 },
    { against: 'limit', ratio: 'ours / other', bound: 'at least', value: 0.7 },
  ],
  hasServerForm: true,
  async prepare({ short, directory, servers }: RowOptions) {
    const seconds = short ? 2 : 5;
    const p99: number[] = [];
    const folder = (): Promise<string> => mkdtemp(join(directory, 'run-'));
    const load = (operation: LoadOptions['operation'], groupId: string): Omit<LoadOptions, 'url' | 'secret'> => {
      return { operation, groupId, clients, seconds, warmUpSeconds: short ? 1 : 3 };
    };

    const cpu = createThreadTimesByName();

    async function send(name: string, start: () => Promise<RunningServer>, into: number[]): Promise<number> {
      const server = await start();
      const groupId = hotGroup(servers);
      try {
        await createGroup(server, groupId, clients);
        const result = await cpu.during(name, server, () => server.load(load('send', groupId)));
        const stored = await newestSeq(server, groupId, result.acknowledged);
        if (stored !== result.acknowledged) {
          throw new Error(`${result.acknowledged} messages were acknowledged, the group holds ${stored}`);
        }
        into.push(result.p99Milliseconds);
        return result.perSecond;
      } finally {
        await server.stop();
      }
    }

    const product = (processes: Processes) => async () => startProduct(servers, processes, await folder());

    async function doNothing(operation: 'noop' | 'noopWithInput'): Promise<number> {
      const server = await startServer('empty mutation', await folder());
      try {
        return (await cpu.during(operation, server, () => server.load(load(operation, 'none')))).perSecond;
      } finally {
        await server.stop();
      }
    }

    const peers = emmettPeers(emmettContestants(folder, seconds));
    const split: Contestant = {
      name: 'api and projector',
      kind: 'variant',
      title: 'the same with the projector in another process, on the same cores',
      run: () => send('api and projector', product('api and projector'), []),
    };
    const besideEventStore: Contestant = {
      name: 'beside an event store',
      kind: 'variant',
      title: 'the same with the log on `highwater eventstore`, and its read models in a file',
      run: () => send('beside an event store', async () => startBesideEventStore(await folder()), []),
    };
    return {
      contestants: [
        {
          name: 'ours',
          kind: 'ours',
          title: 'sendMessage over WebSocket',
          run: () => send('ours', product('one process'), p99),
        },
        servers === undefined ? besideEventStore : split,
        {
          name: 'limit',
          kind: 'limit',
          title: 'a mutation that takes the same input and does nothing, same server',
          run: () => doNothing('noopWithInput'),
        },
        {
          name: 'bare empty mutation',
          kind: 'limit',
          title: 'a mutation without input that does nothing, same server',
          run: () => doNothing('noop'),
        },
        {
          name: 'one commit a message',
          kind: 'limit',
          title: 'SQLite in process, a durable commit for each row of the same size',
          run: () => commitEach(folder, seconds),
        },
        ...peers.contestants,
      ],
      absent: peers.absent,
      notes: () => [
        `Acknowledged within ${percentile(p99, 0.5).toFixed(1)} ms for 99 of 100 (median of the runs).`,
        ...cpu.notes(),
        `Every acknowledged message was found in the group after each run; ${pinning}.`,
      ],
    };
  },
};

async function commitEach(folder: () => Promise<string>, seconds: number): Promise<number> {
  const file = join(await folder(), 'rows.db');
  const options: InsertOptions = { file, seconds, rowsPerCommit: 1, hasIndex: false, row: sampleRow(sampleMessage) };
  return (await runContestant<{ perSecond: number }>('contestants/sqlite-inserts.ts', options)).perSecond;
}

async function emmett(
  through: EmmettAppendOptions['through'],
  folder: () => Promise<string>,
  seconds: number,
): Promise<number> {
  const file = join(await folder(), 'emmett.db');
  const event = { type: sampleMessage.type, data: sampleMessage.data };
  const options: EmmettAppendOptions = { file, seconds, callers: clients, streamName: 'group-hot', event, through };
  return (await runContestant<{ perSecond: number }>('peers/emmett-append.ts', options)).perSecond;
}

const emmettContestants = (folder: () => Promise<string>, seconds: number): Contestant[] => [
  {
    name: 'emmett-sqlite',
    kind: 'peer',
    title: 'emmett’s SQLite store in process, 64 callers, expected version known',
    run: () => emmett('store', folder, seconds),
  },
  {
    name: 'emmett-sqlite-connection',
    kind: 'peer',
    title: 'emmett’s appendToStream on a connection that stays open',
    run: () => emmett('connection', folder, seconds),
  },
];
