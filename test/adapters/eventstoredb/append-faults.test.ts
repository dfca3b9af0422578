import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type EventStoreLogOptions, openEventStoreLog } from '../../../src/adapters/eventstoredb/event-log.ts';
import { AppendUnknown, type EventLog, LogRefused, LogUnavailable, noStream } from '../../../src/ports/event-log.ts';
import { type NetworkProxy, startNetworkProxy } from '../../../torture/network-proxy.ts';
import { type ScriptedServer, startScriptedServer } from '../../../torture/scripted/server.ts';
import { appendedAt, marks, stored } from '../../contract/event-log-samples.ts';

let server: ScriptedServer;
let proxy: NetworkProxy;
const opened: EventLog[] = [];

beforeEach(async () => {
  server = await startScriptedServer();
  proxy = await startNetworkProxy(server.port);
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((log) => log.close()));
  await proxy.stop();
  server.stop();
});

const short = { deadlineMilliseconds: 200, settleMilliseconds: 1_500, backoff: { first: 10, most: 50 } };

async function open(options: Partial<EventStoreLogOptions> = {}): Promise<EventLog> {
  const log = await openEventStoreLog({ url: `esdb://127.0.0.1:${proxy.port}?tls=false`, ...short, ...options });
  opened.push(log);
  return log;
}

const idsIn = (streamName: string) => server.log.stream(streamName).map(({ id }) => id);

describe('an append whose answer does not come', () => {
  test('is found where it was stored, and answered as it would have been', async () => {
    const log = await open();
    await log.append('group-a', noStream, marks(0, 1));
    server.appends.push({ kind: 'store, never answer' });
    const result = appendedAt(await log.append('group-a', 0, marks(1, 2)));
    expect(result).toEqual({ kind: 'appended', version: 2, position: server.log.events.at(-1)?.commit });
    expect(server.appendsSeen()).toBe(2);
    expect(await stored(log, 'group-a')).toEqual(marks(0, 3));
  });

  test('is sent again where nothing stands at its place, and stored once though the server stores the first one later', async () => {
    const log = await open();
    const late = Promise.withResolvers<void>();
    server.appends.push({ kind: 'store when', late: late.promise });
    const result = appendedAt(await log.append('group-a', noStream, marks(0, 2)));
    late.resolve();
    // The next answer comes after the late one was dealt with.
    expect(await log.append('group-a', 1, marks(2, 1))).toMatchObject({ kind: 'appended', version: 2 });
    expect(result.version).toBe(1);
    expect(await stored(log, 'group-a')).toEqual(marks(0, 3));
  });

  test('is stored once where the server stores the first one while the second is on its way', async () => {
    const log = await open();
    const late = Promise.withResolvers<void>();
    server.appends.push({ kind: 'store when', late: late.promise }, { kind: 'never answer' });
    const appending = log.append('group-a', noStream, marks(0, 2));
    await expect.poll(() => server.appendsSeen(), { interval: 5 }).toBe(2);
    late.resolve();
    expect(appendedAt(await appending).version).toBe(1);
    expect(await stored(log, 'group-a')).toEqual(marks(0, 2));
  });

  test('is a conflict as soon as another event stands at its place', async () => {
    const log = await open();
    const other = await open({ url: server.url });
    await log.append('group-a', noStream, marks(0, 1));
    server.appends.push({ kind: 'never answer' });
    const appending = log.append('group-a', 0, marks(1, 1));
    await expect.poll(() => server.appendsSeen(), { interval: 5 }).toBe(2);
    await other.append('group-a', 0, marks(10, 3));
    expect(await appending).toEqual({ kind: 'conflict', actualVersion: 3 });
  });

  test('is unknown where nothing can be found out in time, and may be handed in again', async () => {
    const log = await open({ settleMilliseconds: 500 });
    server.appends.push(...Array.from({ length: 20 }, () => ({ kind: 'never answer' }) as const));
    const begun = performance.now();
    await expect(log.append('group-a', noStream, marks(0, 2))).rejects.toThrow(AppendUnknown);
    expect(performance.now() - begun).toBeLessThan(2_000);
    server.appends.length = 0;
    expect(appendedAt(await log.append('group-a', noStream, marks(0, 2))).version).toBe(1);
    expect(await stored(log, 'group-a')).toEqual(marks(0, 2));
  });

  test('is found after the connection was cut between the commit and the answer', async () => {
    const log = await open();
    await log.append('group-a', noStream, marks(0, 1));
    server.appends.push({ kind: 'store, then', cut: () => proxy.reset() });
    expect(appendedAt(await log.append('group-a', 0, marks(1, 2))).version).toBe(2);
    expect(idsIn('group-a')).toHaveLength(3);
  });

  test('is unknown, not unavailable, where the server is gone for good after it was sent', async () => {
    const log = await open({ settleMilliseconds: 300 });
    await log.append('group-a', noStream, marks(0, 1));
    server.appends.push({ kind: 'store, then', cut: () => proxy.stop() });
    await expect(log.append('group-a', 0, marks(1, 2))).rejects.toThrow(AppendUnknown);
  });

  test('holds up closing until it is settled', async () => {
    const log = await open();
    server.appends.push({ kind: 'store, never answer' });
    const appending = log.append('group-a', noStream, marks(0, 1));
    await log.close();
    expect(appendedAt(await appending).version).toBe(0);
  });
});

describe('an append that the server answers', () => {
  test('with a wrong version, though it had stored it, is a repetition', async () => {
    const log = await open();
    const first = await log.append('group-a', noStream, marks(0, 2));
    await log.append('group-a', 1, marks(2, 2));
    server.appends.push({ kind: 'say', answer: { kind: 'wrongVersion', actualRevision: 3 } });
    expect(await log.append('group-a', noStream, marks(0, 2))).toEqual(first);
    expect(await log.append('group-a', noStream, marks(0, 5))).toEqual({ kind: 'conflict', actualVersion: 3 });
    expect(await log.append('group-a', 0, marks(2, 2))).toEqual({ kind: 'conflict', actualVersion: 3 });
  });

  test('with a timeout of its own is settled', async () => {
    const log = await open();
    server.appends.push({ kind: 'fail', code: status.ABORTED });
    expect(appendedAt(await log.append('group-a', noStream, marks(0, 1))).version).toBe(0);
    expect(idsIn('group-a')).toHaveLength(1);
  });

  test.each([
    ['the stream is deleted', status.FAILED_PRECONDITION, 'stream-deleted', 'stream-name'],
    ['it is too large', status.INVALID_ARGUMENT, 'maximum-append-size-exceeded', 'maximum-append-size'],
  ])('by saying that %s is not tried again', async (_, code, exception, particular) => {
    const log = await open();
    server.appends.push({ kind: 'fail', code, headers: { exception, [particular]: '1' } });
    await expect(log.append('group-a', noStream, marks(0, 1))).rejects.toThrow(LogUnavailable);
    expect(server.appendsSeen()).toBe(1);
  });
});

describe('an append to a server that is not the leader', () => {
  const notLeader = (port: number) => {
    const endpoint = { 'leader-endpoint-host': '127.0.0.1', 'leader-endpoint-port': String(port) };
    return { kind: 'fail', code: status.NOT_FOUND, headers: { exception: 'not-leader', ...endpoint } } as const;
  };

  test('is sent to the leader that it names, as everything after it', async () => {
    const log = await open();
    const leader = await startScriptedServer();
    server.appends.push(notLeader(leader.port));
    expect(appendedAt(await log.append('group-a', noStream, marks(0, 2))).version).toBe(1);
    expect(await log.append('group-a', 1, marks(2, 1))).toMatchObject({ kind: 'appended', version: 2 });
    expect(server.log.events).toEqual([]);
    expect(leader.log.events).toHaveLength(3);
    await log.close();
    leader.stop();
  });

  test('is unavailable where that goes on for as long as an append may take to settle', async () => {
    const log = await open({ deadlineMilliseconds: 5_000, settleMilliseconds: 1_000 });
    server.appends.push(...Array.from({ length: 100 }, () => notLeader(server.port)));
    const begun = performance.now();
    await expect(log.append('group-a', noStream, marks(0, 2))).rejects.toThrow(LogUnavailable);
    expect(performance.now() - begun).toBeGreaterThan(700);
    // With pauses: some 12 of them that grow to 250 ms, and at random are half as long.
    expect(server.appendsSeen()).toBeLessThan(50);
    expect(server.log.events).toEqual([]);
  });
});

describe('an append that cannot be sent', () => {
  test('is unavailable at once where the connection is refused', async () => {
    const log = await open();
    await proxy.stop();
    const begun = performance.now();
    await expect(log.append('group-a', noStream, marks(0, 1))).rejects.toThrow(LogUnavailable);
    expect(performance.now() - begun).toBeLessThan(short.deadlineMilliseconds + short.settleMilliseconds);
    await expect(log.endPosition()).rejects.toThrow(LogUnavailable);
  });

  test('is unavailable after its deadline where no connection comes about', async () => {
    // Addresses of this block lead nowhere.
    const log = await open({ url: 'esdb://192.0.2.1:2113?tls=false' });
    await expect(log.append('group-a', noStream, marks(0, 1))).rejects.toThrow(LogUnavailable);
  });

  test('is unavailable after its deadline where the cluster cannot be discovered', async () => {
    const log = await open({ url: 'esdb://127.0.0.1:1,127.0.0.1:2?tls=false' });
    await expect(log.append('group-a', noStream, marks(0, 1))).rejects.toThrow(LogUnavailable);
  });

  test('is refused with a reason where the credentials are wrong, as reads are', async () => {
    const log = await open({ url: `esdb://admin:wrong@127.0.0.1:${server.port}?tls=false` });
    server.denyAccess();
    const appending = log.append('group-a', noStream, marks(0, 1));
    await expect(appending).rejects.toThrow(LogRefused);
    await expect(appending).rejects.toThrow('denied access');
    await expect(log.endPosition()).rejects.toThrow(LogRefused);
  });

  test.each([
    ['an id that is no UUID', marks(0, 1).map((event) => ({ ...event, eventId: 'one' })), 'group-a'],
    ['a stream without a name', marks(0, 1), ''],
  ])('with %s is refused with a RangeError', async (_, events, streamName) => {
    const log = await open();
    await expect(log.append(streamName, noStream, events)).rejects.toThrow(RangeError);
    await expect(log.append('group-a', 0.5, marks(0, 1))).rejects.toThrow(RangeError);
    expect(server.appendsSeen()).toBe(0);
  });
});

test('many appends at once leave room for reads on the same connection', async () => {
  const log = await open({ deadlineMilliseconds: 2_000 });
  const start = Promise.withResolvers<void>();
  server.appends.push(...Array.from({ length: 200 }, () => ({ kind: 'wait for', start: start.promise }) as const));
  const appends = Array.from({ length: 200 }, () => log.append(`group-${randomUUID()}`, noStream, marks(0, 1)));
  expect(await log.endPosition()).toBe(-1);
  start.resolve();
  const results = await Promise.all(appends);
  expect(results.every(({ kind }) => kind === 'appended')).toBe(true);
});
