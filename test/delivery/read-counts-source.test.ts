import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createReadCountAnnouncer } from '../../src/delivery/read-count-announcer.ts';
import { UndecodableEvent } from '../../src/events/codec.ts';
import type { GroupEvent, ReadsEvent } from '../../src/events/event.ts';
import { LogUnavailable } from '../../src/ports/event-log.ts';
import { lunch, readUpTo, removed, sent } from '../commands/events.ts';
import { createStage, groupId, type Stage, take } from './stage.ts';

let stage: Stage;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  stage = createStage();
  await stage.append(...lunch, sent(1, 'ada'), sent(2, 'ada'));
  await stage.fed();
});
afterEach(async () => {
  await stage.stop();
  expect(stage.feed.listenerCount()).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

async function hear(...events: readonly (GroupEvent | ReadsEvent)[]): Promise<void> {
  await stage.append(...events);
  await stage.fed();
}
const announced = () => vi.advanceTimersByTimeAsync(150);
const ranges = (...counts: readonly [number, number, number][]) => ({
  groupId,
  ranges: counts.map(([fromSeq, toSeq, readCount]) => ({ fromSeq, toSeq, readCount })),
});

test('the counts are told now, and again when they have changed', async () => {
  const counts = await stage.readCounts('bob');
  expect(await take(counts, 1)).toMatchObject([ranges([1, 2, 0])]);
  const next = take(counts, 1);
  await hear(readUpTo('cleo', 1));
  await announced();
  expect(await next).toMatchObject([ranges([1, 1, 1], [2, 2, 0])]);
  await counts.return?.();
});

test('a watcher hears of what changes after all counts were forgotten, also while another has them counted anew', async () => {
  const counts = await stage.readCounts('bob');
  await take(counts, 1);
  stage.counts.forgetAll();
  const next = take(counts, 1);
  stage.log.afterReadStream = async () => {
    stage.log.afterReadStream = () => undefined;
    await hear(readUpTo('cleo', 1));
  };
  await stage.counts.of(groupId);
  await announced();
  expect(await next).toMatchObject([ranges([1, 1, 1], [2, 2, 0])]);
  stage.counts.forgetAll();
  const last = take(counts, 1);
  await hear(readUpTo('cleo', 2));
  await announced();
  expect(await last).toMatchObject([ranges([1, 2, 1])]);
  await counts.return?.();
});

test('a slow watcher is told the newest counts only', async () => {
  const counts = await stage.readCounts('bob');
  await hear(readUpTo('cleo', 1));
  await announced();
  await hear(readUpTo('cleo', 2));
  await announced();
  expect(await take(counts, 1)).toMatchObject([ranges([1, 2, 1])]);
  await counts.return?.();
});

test('what waited from before a removal is not handed to who was removed', async () => {
  const counts = await stage.readCounts('bob');
  await take(counts, 1);
  await hear(readUpTo('cleo', 1));
  await announced();
  await hear(removed('bob', 3, 2));
  expect(await counts.next()).toEqual({ done: true, value: { kind: 'no-longer-a-member' } });
});

test('a watcher’s own departure ends it, without any change of counts', async () => {
  const counts = await stage.readCounts('bob');
  await take(counts, 1);
  const next = counts.next();
  await hear(removed('bob', 3, 2));
  expect(await next).toEqual({ done: true, value: { kind: 'no-longer-a-member' } });
});

test('the token’s end ends it, whatever waits', async () => {
  const counts = await stage.readCounts('bob');
  stage.now = 1_000_000;
  expect(await counts.next()).toMatchObject({ done: true, value: { kind: 'unauthenticated' } });
});

test('watchers of a halted group are told why', async () => {
  const counts = await stage.readCounts('bob');
  await take(counts, 1);
  const next = expect(counts.next()).rejects.toThrow(UndecodableEvent);
  await stage.poison();
  await next;
});

test('a start that fails leaves nobody listening', async () => {
  stage.counts.of = () => Promise.reject(new LogUnavailable('by order of the test'));
  await expect(stage.readCounts('bob')).rejects.toThrow(LogUnavailable);
});

test('what is announced while the first counts are on their way is newer than they are', async () => {
  const { of } = stage.counts;
  const gate = Promise.withResolvers<void>();
  const counting = Promise.withResolvers<void>();
  await of(groupId);
  // The first counts are those of before.
  const announcement = stage.announcer.announcement;
  stage.announcer.announcement = async (id) => {
    const first = await announcement(id);
    counting.resolve();
    await gate.promise;
    return first;
  };
  const starting = stage.readCounts('bob');
  await counting.promise;
  await hear(readUpTo('cleo', 1));
  await announced();
  gate.resolve();
  const counts = await starting;
  expect(await take(counts, 1)).toMatchObject([ranges([1, 1, 1], [2, 2, 0])]);
  await counts.return?.();
});

test('counts that cannot be told are told later', async () => {
  let isAway = false;
  const of = async (id: string) => {
    if (isAway) throw new LogUnavailable('by order of the test');
    return stage.counts.of(id);
  };
  const announcer = createReadCountAnnouncer(stage.feed, { ...stage.counts, of });
  await announcer.announcement(groupId);
  const hears = vi.fn();
  const stop = announcer.watch(groupId, { hear: hears, fail: vi.fn() });
  isAway = true;
  await hear(readUpTo('cleo', 1));
  await announced();
  expect(hears).not.toHaveBeenCalled();
  isAway = false;
  await announced();
  expect(hears).toHaveBeenCalledOnce();
  stop();
});

test('when one of two watchers goes, the other is still told; when both have gone, nothing is left', async () => {
  const [gone, stays] = [await stage.readCounts('bob'), await stage.readCounts('cleo')];
  await take(stays, 1);
  await gone.return?.();
  await hear(readUpTo('cleo', 1));
  await announced();
  expect(await take(stays, 1)).toMatchObject([ranges([1, 1, 1], [2, 2, 0])]);
  await stays.return?.();
  expect(stage.feed.listenerCount()).toBe(0);
});

test('a group is kept hot for as long as anybody watches it, and no longer', async () => {
  const released = vi.fn();
  const hold = vi.fn(() => released);
  const announcer = createReadCountAnnouncer(stage.feed, { ...stage.counts, hold });
  const stops = [1, 2].map(() => announcer.watch(groupId, { hear: vi.fn(), fail: vi.fn() }));
  expect(hold).toHaveBeenCalledExactlyOnceWith(groupId);
  stops[0]?.();
  expect(released).not.toHaveBeenCalled();
  stops[1]?.();
  expect(released).toHaveBeenCalledOnce();
});

test('many watchers of many changes are told less often', async () => {
  const hears = vi.fn();
  await stage.counts.of(groupId);
  const stops = Array.from({ length: 5_000 }, () => stage.announcer.watch(groupId, { hear: hears, fail: vi.fn() }));
  const messages = Array.from({ length: 1_000 }, (_, index) => sent(index + 3, 'ada'));
  await hear(...messages);
  await announced();
  expect(hears).toHaveBeenCalledTimes(5_000);
  // 5,000 watchers × 1,000 changes are 100 ms more.
  await hear(readUpTo('cleo', 1));
  await announced();
  expect(hears).toHaveBeenCalledTimes(5_000);
  await announced();
  expect(hears).toHaveBeenCalledTimes(10_000);
  for (const stop of stops) stop();
});

test('a watcher that throws keeps no other from being told', async () => {
  await stage.counts.of(groupId);
  const fail = vi.fn();
  const broken = () => {
    throw new RangeError('by order of the test');
  };
  const hears = vi.fn();
  const stops = [
    stage.announcer.watch(groupId, { hear: broken, fail }),
    stage.announcer.watch(groupId, { hear: hears, fail }),
  ];
  await hear(readUpTo('cleo', 1));
  await announced();
  expect(hears).toHaveBeenCalledOnce();
  expect(fail).toHaveBeenCalledExactlyOnceWith(expect.any(RangeError));
  for (const stop of stops) stop();
});
