import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { openSqliteEventLog, openSqliteEventLogReader } from '../../../src/adapters/sqlite/event-log.ts';
import { createLiveFeed } from '../../../src/adapters/sqlite/live-feed.ts';
import type { LogReader } from '../../../src/adapters/sqlite/log-reader.ts';
import { followLog } from '../../../src/adapters/sqlite/subscription.ts';
import { LogUnavailable, noStream, type RecordedEvent, startOfLog } from '../../../src/ports/event-log.ts';
import { inTurn, marks } from '../../contract/event-log-samples.ts';
import { temporaryDirectory } from './temporary-directory.ts';

describe('a reader of its own', () => {
  // Woken only by the look that a reader takes by itself every second, it would need 30 s for all the rounds.
  test('in another thread is woken by an append, and ends when told to', { timeout: 15_000 }, async () => {
    const file = join(temporaryDirectory(), 'log.db');
    const log = await openSqliteEventLog({ file });
    const thread = new Worker(new URL('./programs/follow-in-thread.ts', import.meta.url), {
      workerData: file,
      execArgv: [],
    });
    expect(await once(thread, 'message')).toEqual([{ events: [], caughtUp: true }]);
    const rounds = Array.from({ length: 30 }, (_, version) => version);
    await inTurn(rounds, async (version) => {
      const woken = once(thread, 'message');
      await log.append('group-a', version - 1, marks(version, 1));
      expect(await woken).toEqual([{ events: await log.readStream('group-a', version, 1), caughtUp: true }]);
    });
    const exit = once(thread, 'exit');
    thread.postMessage('end');
    expect(await exit).toEqual([0]);
    await log.close();
  });

  test('reads what the log holds and refuses to append', async () => {
    const file = join(temporaryDirectory(), 'log.db');
    const log = await openSqliteEventLog({ file });
    await log.append('group-a', noStream, marks(0, 3));
    const reader = await openSqliteEventLogReader({ file });
    expect(await reader.readAll(startOfLog, 10)).toEqual(await log.readAll(startOfLog, 10));
    await expect(reader.append('group-a', 2, marks(3, 1))).rejects.toThrow(LogUnavailable);
    await reader.close();
    await log.close();
  });
});

test('subscribers that are up to date are handed one and the same array', async () => {
  const log = await openSqliteEventLog({ file: join(temporaryDirectory(), 'log.db') });
  const followers = [1, 2].map(() => log.subscribe(startOfLog, new AbortController().signal)[Symbol.asyncIterator]());
  await Promise.all(followers.map((follower) => follower.next()));
  await log.append('group-a', noStream, marks(0, 3));
  const [first, second] = await Promise.all(followers.map((follower) => follower.next()));
  expect(first?.value?.events).toHaveLength(3);
  expect(second?.value?.events).toBe(first?.value?.events);
  await log.close();
});

describe('what is kept in memory for followers', () => {
  const follower = { wake: () => {}, end: () => {} };
  const record = (position: number, data = '{}'): RecordedEvent => ({
    eventId: `id-${position}`,
    type: 'ReadUpTo',
    data,
    metadata: '{}',
    streamName: 'group-a',
    version: position,
    position,
    recordedAt: 0,
  });

  test('is handed out from any position in it, and never across a gap', () => {
    const feed = createLiveFeed();
    feed.join(follower);
    feed.committed([record(0), record(1), record(2)]);
    feed.committed([record(3)]);
    expect(feed.recentAfter(0)?.map(({ position }) => position)).toEqual([1, 2]);
    expect(feed.recentAfter(2)?.map(({ position }) => position)).toEqual([3]);
    expect(feed.recentAfter(3)).toBeUndefined();
    feed.committed([record(7)]);
    expect(feed.recentAfter(2)).toBeUndefined();
    expect(feed.recentAfter(3)).toBeUndefined();
    expect(feed.recentAfter(6)?.map(({ position }) => position)).toEqual([7]);
  });

  test('is bounded in events and in characters, and goes with the last follower', () => {
    const feed = createLiveFeed();
    feed.join(follower);
    for (let position = 0; position < 20_000; position += 1) feed.committed([record(position)]);
    expect(feed.recentAfter(9_998)).toBeUndefined();
    expect(feed.recentAfter(9_999)).toHaveLength(1);
    for (let position = 20_000; position < 20_020; position += 1) {
      feed.committed([record(position, 'x'.repeat(900_000))]);
    }
    expect(feed.recentAfter(20_009)).toBeUndefined();
    expect(feed.recentAfter(20_015)).toHaveLength(1);
    feed.leave(follower);
    expect(feed.recentAfter(20_018)).toBeUndefined();
  });
});

describe('a subscription whose reads fail', () => {
  const reader = (page: LogReader['page']): LogReader => ({
    page,
    streamPage: () => [],
    streamPageBackwards: () => [],
    pageBackwards: () => [],
    endPosition: () => startOfLog,
    close: () => {},
  });

  test('reads again after a fault that passes', async () => {
    const feed = createLiveFeed();
    let reads = 0;
    const failing = reader(() => {
      reads += 1;
      if (reads === 1) throw new LogUnavailable('busy');
      return [];
    });
    const iterator = followLog(failing, feed, startOfLog, new AbortController().signal)[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ done: false, value: { events: [], caughtUp: true } });
    expect(reads).toBe(2);
    await iterator.return?.();
  });

  test('passes on a fault that lasts, and is over', async () => {
    const corrupt = Object.assign(new Error('database disk image is malformed'), { errcode: 11 });
    const failing = reader(() => {
      throw new LogUnavailable('corrupt', { cause: corrupt });
    });
    const signal = new AbortController().signal;
    const iterator = followLog(failing, createLiveFeed(), startOfLog, signal)[Symbol.asyncIterator]();
    await expect(iterator.next()).rejects.toThrow(LogUnavailable);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });
});
