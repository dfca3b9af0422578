import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { pinning, runContestant } from './child.ts';
import type { LoadOptions, LoadResult } from './contestants/load-generator.ts';
import type { InsertOptions } from './contestants/sqlite-inserts.ts';
import { hotGroup } from './database.ts';
import { percentile } from './measure.ts';
import { emmettPeers } from './peers/emmett.ts';
import type { EmmettAppendOptions } from './peers/emmett-append.ts';
import type { Contestant, Row, RowOptions } from './row.ts';
import { sampleMessage, sampleRow } from './sample-events.ts';
import { createGroup, newestSeq, startServer } from './server.ts';
import { type Processes, startProduct } from './server-on-stores.ts';

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

    async function send(processes: Processes, into: number[]): Promise<number> {
      const server = await startProduct(servers, processes, await folder());
      const groupId = hotGroup(servers);
      try {
        await createGroup(server, groupId, clients);
        const result = await server.load(load('send', groupId));
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

    async function doNothing(operation: 'noop' | 'noopWithInput'): Promise<number> {
      const server = await startServer('empty mutation', await folder());
      try {
        const { perSecond }: LoadResult = await server.load(load(operation, 'none'));
        return perSecond;
      } finally {
        await server.stop();
      }
    }

    async function commitEach(): Promise<number> {
      const file = join(await folder(), 'rows.db');
      const options: InsertOptions = {
        file,
        seconds,
        rowsPerCommit: 1,
        hasIndex: false,
        row: sampleRow(sampleMessage),
      };
      return (await runContestant<{ perSecond: number }>('contestants/sqlite-inserts.ts', options)).perSecond;
    }

    async function emmett(through: EmmettAppendOptions['through']): Promise<number> {
      const file = join(await folder(), 'emmett.db');
      const event = { type: sampleMessage.type, data: sampleMessage.data };
      const options: EmmettAppendOptions = {
        file,
        seconds,
        callers: clients,
        streamName: 'group-hot',
        event,
        through,
      };
      return (await runContestant<{ perSecond: number }>('peers/emmett-append.ts', options)).perSecond;
    }

    const peers = emmettPeers([
      {
        name: 'emmett-sqlite',
        kind: 'peer',
        title: 'emmett’s SQLite store in process, 64 callers, expected version known',
        run: () => emmett('store'),
      },
      {
        name: 'emmett-sqlite-connection',
        kind: 'peer',
        title: 'emmett’s appendToStream on a connection that stays open',
        run: () => emmett('connection'),
      },
    ]);
    const split: Contestant = {
      name: 'api and projector',
      kind: 'variant',
      title: 'the same with the projector in another process, on the same cores',
      run: () => send('api and projector', []),
    };
    return {
      contestants: [
        { name: 'ours', kind: 'ours', title: 'sendMessage over WebSocket', run: () => send('one process', p99) },
        ...(servers === undefined ? [] : [split]),
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
          run: commitEach,
        },
        ...peers.contestants,
      ],
      absent: peers.absent,
      notes: () => [
        `Acknowledged within ${percentile(p99, 0.5).toFixed(1)} ms for 99 of 100 (median of the runs).`,
        `Every acknowledged message was found in the group after each run; ${pinning}.`,
      ],
    };
  },
};
