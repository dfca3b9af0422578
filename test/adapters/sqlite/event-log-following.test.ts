import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { followLog } from '../../../src/adapters/following/follow-log.ts';
import { createLiveFeed } from '../../../src/adapters/following/live-feed.ts';
import { openSqliteEventLog, openSqliteEventLogReader } from '../../../src/adapters/sqlite/event-log.ts';
import { createFollowedLog } from '../../../src/adapters/sqlite/followed-log.ts';
import type { LogReader } from '../../../src/adapters/sqlite/log-reader.ts';
import { LogUnavailable, noStream, startOfLog } from '../../../src/ports/event-log.ts';
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

describe('a subscription whose reads fail', () => {
  const follow = (endPosition: LogReader['endPosition']) => {
    const reader: LogReader = {
      endPosition,
      page: () => [],
      streamPage: () => [],
      streamPageBackwards: () => [],
      pageBackwards: () => [],
      close: () => {},
    };
    const log = createFollowedLog(reader, createLiveFeed());
    return followLog(log, startOfLog, new AbortController().signal)[Symbol.asyncIterator]();
  };

  test('reads again after a fault that passes', async () => {
    let reads = 0;
    const iterator = follow(() => {
      reads += 1;
      if (reads === 1) throw new LogUnavailable('busy');
      return startOfLog;
    });
    expect(await iterator.next()).toEqual({ done: false, value: { events: [], caughtUp: true } });
    expect(reads).toBe(2);
    await iterator.return?.();
  });

  test('passes on a fault that lasts, and is over', async () => {
    const corrupt = Object.assign(new Error('database disk image is malformed'), { errcode: 11 });
    const iterator = follow(() => {
      throw new LogUnavailable('corrupt', { cause: corrupt });
    });
    await expect(iterator.next()).rejects.toThrow(LogUnavailable);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });
});
