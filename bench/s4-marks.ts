import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { runContestant } from './child.ts';
import type { MarksOptions } from './contestants/marks-in-process.ts';
import type { InsertOptions } from './contestants/sqlite-inserts.ts';
import { hotGroup } from './database.ts';
import { formatNumber, spread } from './measure.ts';
import { emmettPeers } from './peers/emmett.ts';
import type { EmmettAppendOptions } from './peers/emmett-append.ts';
import { startRedis, whyNoRedis } from './peers/redis.ts';
import type { RedisMarksOptions } from './peers/redis-marks.ts';
import type { Contestant, Row, RowOptions } from './row.ts';
import { sampleMark, sampleRow } from './sample-events.ts';
import { createGroup } from './server.ts';
import { type Processes, startProduct } from './server-on-stores.ts';
import { environmentOf } from './servers.ts';

const members = 10_000;
const sockets = 256;
/** What a reader over the wire can mark, one message at a time, before it has to stop. */
const messagesOverTheWire = 4_096;

interface Rate {
  readonly perSecond: number;
}

/** Durable marks of a group of 10,000: in process, where it is judged, and over the wire. */
export const marksRow: Row = {
  name: 'S4',
  title: 'durable MarkReadUpTo, one group of 10,000 members',
  unit: 'marks/s',
  reaches: [
    { against: 'limit', ratio: 'ours / other', bound: 'at least', value: 0.25 },
    { against: 'emmett-sqlite', ratio: 'ours / other', bound: 'at least', value: 20 },
  ],
  hasServerForm: true,
  async prepare({ short, directory, servers }: RowOptions) {
    const seconds = short ? 2 : 5;
    const warmUpSeconds = short ? 1 : 2;
    const overTheWire: number[] = [];
    const folder = (): Promise<string> => mkdtemp(join(directory, 'run-'));

    async function rate(script: string, options: object, env?: NodeJS.ProcessEnv): Promise<number> {
      return (await runContestant<Rate>(script, options, 'anywhere', env)).perSecond;
    }

    async function inProcess(): Promise<number> {
      const file = join(await folder(), 'log.db');
      const options: MarksOptions = { file, groupId: hotGroup(servers), members, seconds, warmUpSeconds };
      return rate('contestants/marks-in-process.ts', options, servers && environmentOf(servers));
    }

    async function wire(processes: Processes): Promise<number> {
      const server = await startProduct(servers, processes, await folder());
      const groupId = hotGroup(servers);
      try {
        await createGroup(server, groupId, members);
        const maximumEach = messagesOverTheWire / sockets;
        await server.load({
          operation: 'send',
          groupId,
          clients: sockets,
          warmUpSeconds: 0,
          seconds: short ? 3 : 6,
          maximumEach,
        });
        const { perSecond } = await server.load({
          // Who has sent has read what was sent before: the others have marks to move.
          ...{ operation: 'mark', groupId, clients: sockets, firstClient: sockets, warmUpSeconds: 1, seconds },
          maximumEach: messagesOverTheWire,
        });
        if (processes === 'one process') overTheWire.push(perSecond);
        return perSecond;
      } finally {
        await server.stop();
      }
    }

    async function batchedInserts(hasIndex: boolean): Promise<number> {
      const file = join(await folder(), 'rows.db');
      const options: InsertOptions = { file, seconds, rowsPerCommit: 1_000, hasIndex, row: sampleRow(sampleMark) };
      return rate('contestants/sqlite-inserts.ts', options);
    }

    async function emmett(through: EmmettAppendOptions['through']): Promise<number> {
      const file = join(await folder(), 'emmett.db');
      const event = { type: sampleMark.type, data: sampleMark.data };
      const options: EmmettAppendOptions = {
        ...{ file, seconds, callers: members, streamName: 'reads-hot', event, through },
      };
      return rate('peers/emmett-append.ts', options);
    }

    async function redisMarks(): Promise<number> {
      const redis = await startRedis(await folder());
      try {
        const options: RedisMarksOptions = { port: redis.port, members, seconds, connections: 50 };
        return await rate('peers/redis-marks.ts', options);
      } finally {
        await redis.close();
      }
    }

    const emmetts = emmettsBy(emmett);
    const noRedis = whyNoRedis();
    const redis: Contestant = {
      name: 'redis',
      kind: 'peer',
      title: 'ZADD GT, AOF always, 10,000 under way over 50 pipelined connections',
      run: redisMarks,
    };
    const split: Contestant = {
      name: 'over the wire, api and projector',
      kind: 'variant',
      title: 'the same with the projector in another process, on the same cores',
      run: () => wire('api and projector'),
    };
    const logName = servers === undefined ? 'SQLite log' : 'event store’s log';
    return {
      contestants: [
        { name: 'ours', kind: 'ours', title: `commands on the ${logName} in process, 10,000 readers`, run: inProcess },
        {
          name: 'limit',
          kind: 'limit',
          title: 'SQLite in process, rows of the same size, 1,000 to a durable commit',
          run: () => batchedInserts(false),
        },
        {
          name: 'inserts with the log’s index',
          kind: 'limit',
          title: 'the same into a table with the log’s unique index of stream and version',
          run: () => batchedInserts(true),
        },
        ...emmetts.contestants,
        ...(noRedis === undefined ? [redis] : []),
        {
          name: 'over the wire',
          kind: 'variant',
          title: 'one mark a mutation, 256 readers over one socket each',
          run: () => wire('one process'),
        },
        ...(servers === undefined ? [] : [split]),
      ],
      absent: [...emmetts.absent, ...(noRedis === undefined ? [] : [{ name: 'redis', reason: noRedis }])],
      notes: () => [
        `Over the wire: ${formatNumber(spread(overTheWire).median)} marks/s, each a mutation of its own; a client that batches for 2 s sends fewer.`,
      ],
    };
  },
};

function emmettsBy(run: (through: EmmettAppendOptions['through']) => Promise<number>) {
  return emmettPeers([
    {
      name: 'emmett-sqlite',
      kind: 'peer',
      title: 'emmett’s SQLite store, one append a mark, expected version known',
      run: () => run('store'),
    },
    {
      name: 'emmett-sqlite-connection',
      kind: 'peer',
      title: 'emmett’s appendToStream on a connection that stays open',
      run: () => run('connection'),
    },
  ]);
}
