import { setTimeout as wait } from 'node:timers/promises';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openEventStoreLog } from '../../../src/adapters/eventstoredb/event-log.ts';
import { type EventLog, LogUnavailable, noStream } from '../../../src/ports/event-log.ts';
import { type ScriptedCluster, startScriptedCluster } from '../../../torture/scripted/cluster.ts';
import { appendedAt, marks } from '../../contract/event-log-samples.ts';

/** Elections as a real cluster has them, in a tenth of their time: 2 to 8 s there. A node keeps an append for longer. */
const electionMilliseconds = 600;
const deadlineMilliseconds = 3_000;
const settleMilliseconds = 4_000;
/** Within so long after it, everybody is to have been answered: the longest pause and a look at the cluster. */
const soonMilliseconds = 600;
const senders = 16;

let cluster: ScriptedCluster;
let log: EventLog;

beforeEach(async () => {
  cluster = await startScriptedCluster(3);
  log = await openEventStoreLog({ url: cluster.url, deadlineMilliseconds, settleMilliseconds });
});

/** Instead of the log with the usual times. */
async function reopen(times: { deadlineMilliseconds: number; settleMilliseconds: number }): Promise<void> {
  await log.close();
  log = await openEventStoreLog({ url: cluster.url, ...times });
}

afterEach(async () => {
  await log.close();
  cluster.stop();
});

/** Appends one event to each of so many streams at once. */
const appendEverywhere = (version: number) =>
  Promise.all(
    Array.from({ length: senders }, async (_, sender) =>
      appendedAt(await log.append(`group-${sender}`, version - 1, marks(version, 1))),
    ),
  );

/** Each stream has each event once. */
function expectStored(events: number): void {
  for (let sender = 0; sender < senders; sender += 1) {
    const ids = cluster.log.stream(`group-${sender}`).map(({ id }) => id);
    expect(ids).toEqual(marks(0, events).map(({ eventId }) => eventId));
  }
}

/** Ends an election after a while; resolves with how long the appends that had to wait for it took from then on. */
async function electMeanwhile(appending: Promise<unknown>): Promise<number> {
  await wait(electionMilliseconds);
  cluster.elect();
  const elected = performance.now();
  await appending;
  return performance.now() - elected;
}

describe('while a cluster elects a leader', () => {
  test('appends wait for it, are acknowledged soon after, and are stored once', async () => {
    await appendEverywhere(0);
    cluster.beginElection();
    const appending = appendEverywhere(1);
    expect(await electMeanwhile(appending)).toBeLessThan(soonMilliseconds);
    expectStored(2);
  });

  test('also where the leader was killed, and nodes go on naming it for a while', async () => {
    await appendEverywhere(0);
    cluster.killLeader();
    const appending = appendEverywhere(1);
    await wait(electionMilliseconds / 3);
    cluster.beginElection();
    expect(await electMeanwhile(appending)).toBeLessThan(soonMilliseconds);
    expectStored(2);
    const versions = (await appendEverywhere(2)).map(({ version }) => version);
    expect(versions).toEqual(Array.from({ length: senders }, () => 2));
  });

  test('also where the leader stands still and says nothing', async () => {
    await reopen({ deadlineMilliseconds: 500, settleMilliseconds });
    await appendEverywhere(0);
    const still = cluster.leader();
    still.appends.push(...Array.from({ length: 1_000 }, () => ({ kind: 'never answer' }) as const));
    const appending = appendEverywhere(1);
    await expect.poll(() => still.appendsSeen(), { interval: 5 }).toBeGreaterThanOrEqual(2 * senders);
    cluster.depose();
    expect(await electMeanwhile(appending)).toBeLessThan(soonMilliseconds);
    // Given up with the first deadlines that passed, not asked again and again.
    expect(still.appendsSeen()).toBeLessThan(4 * senders);
    expectStored(2);
  });

  test('appends are unavailable, for nothing was stored, where it takes longer than an append may', async () => {
    await reopen({ deadlineMilliseconds, settleMilliseconds: 300 });
    cluster.beginElection();
    const begun = performance.now();
    await expect(log.append('group-0', noStream, marks(0, 1))).rejects.toThrow(LogUnavailable);
    expect(performance.now() - begun).toBeGreaterThan(250);
    cluster.elect();
    expect(appendedAt(await log.append('group-0', noStream, marks(0, 1))).version).toBe(0);
  });

  test('an append by a client that does not ask for the leader is kept until its deadline', async () => {
    cluster.beginElection();
    const [, node] = cluster.nodes;
    const client = EventStoreDBClient.connectionString(`esdb://127.0.0.1:${node?.port}?tls=false`);
    const credentials = { username: 'admin', password: 'changeit' };
    const append = (requiresLeader: boolean) =>
      client.appendToStream('group-0', jsonEvent({ type: 'Marked', data: {} }), {
        credentials,
        requiresLeader,
        deadline: 500,
      });
    const begun = performance.now();
    await expect(append(false)).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    expect(performance.now() - begun).toBeGreaterThan(450);
    await expect(append(true)).rejects.toThrow('Server Is Not Ready');
    await client.dispose();
  });
});
