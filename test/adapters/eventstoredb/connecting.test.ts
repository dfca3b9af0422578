import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openEventStoreLog } from '../../../src/adapters/eventstoredb/event-log.ts';
import { openSqliteEventLog } from '../../../src/adapters/sqlite/event-log.ts';
import { startEventStoreServer } from '../../../src/eventstore-server/server.ts';
import {
  AppendUnknown,
  type EventLog,
  LogUnavailable,
  type Position,
  startOfLog,
} from '../../../src/ports/event-log.ts';
import { appendedAt, marks, stored } from '../../contract/event-log-samples.ts';

async function withDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'highwater-eventstoredb-'));
  try {
    await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** As a command does: the same events again until it is known what became of them. */
async function appendInTheEnd(log: EventLog, version: number): Promise<Position> {
  for (;;) {
    try {
      return appendedAt(await log.append('group-a', version - 1, marks(version, 1))).position;
    } catch (error) {
      if (!(error instanceof LogUnavailable || error instanceof AppendUnknown)) throw error;
    }
  }
}

test('when the leader of a cluster changes, nothing is lost or doubled', { timeout: 40_000 }, async () => {
  await withDirectory(async (directory) => {
    // One log that only one of two servers serves at a time, which to a client is a cluster with a leader.
    const shared = await openSqliteEventLog({ file: join(directory, 'log.db') });
    const lead = (port: number) => startEventStoreServer({ log: shared, host: '127.0.0.1', port });
    const both = [await lead(0), await lead(0)] as const;
    const ports = both.map(({ port }) => port);
    await both[1].close();
    const log = await openEventStoreLog({
      url: `esdb://${ports.map((port) => `127.0.0.1:${port}`).join(',')}?tls=false&discoveryInterval=20`,
      deadlineMilliseconds: 1_000,
      backoff: { first: 5, most: 50 },
    });

    const received: Position[] = [];
    const ending = new AbortController();
    const following = (async () => {
      for await (const { events } of log.subscribe(startOfLog, ending.signal)) {
        received.push(...events.map(({ position }) => position));
      }
    })();

    let leader = both[0];
    async function changeLeader(port: number): Promise<void> {
      await leader.close();
      leader = await lead(port);
    }

    const acknowledged: Position[] = [];
    for (const port of [ports[1], ports[0], ports[1], ports[0]]) {
      const changed = changeLeader(port ?? 0);
      for (let count = 0; count < 40; count += 1) acknowledged.push(await appendInTheEnd(log, acknowledged.length));
      await changed;
      for (let count = 0; count < 10; count += 1) acknowledged.push(await appendInTheEnd(log, acknowledged.length));
    }
    await expect.poll(() => received.at(-1), { interval: 10, timeout: 10_000 }).toBe(acknowledged.at(-1));
    expect(received).toEqual(acknowledged);
    expect(await stored(shared, 'group-a')).toEqual(marks(0, 200));
    ending.abort();
    await following;
    await log.close();
    await leader.close();
    await shared.close();
  });
});
