import { expect, test, vi } from 'vitest';
import { createLiveFeed, type Hear, type LiveSink } from '../../../src/adapters/following/live-feed.ts';
import { recordedAt } from './recorded-events.ts';

const follower = () => ({ wake: vi.fn(), end: vi.fn() });

/** A way to hear that does nothing by itself, and what it was begun with each time. */
function createHearing() {
  const runs: { readonly sink: LiveSink; readonly signal: AbortSignal; readonly fail: (error: Error) => void }[] = [];
  const hear: Hear = (sink, signal) => new Promise((_, fail) => runs.push({ sink, signal, fail }));
  return { hear, runs };
}

test('hearing begins with the first follower and ends with the last, and nothing is kept in between', () => {
  const { hear, runs } = createHearing();
  const feed = createLiveFeed(hear);
  const [first, second] = [follower(), follower()];
  expect(runs).toHaveLength(0);
  feed.join(first);
  feed.join(second);
  expect(runs).toHaveLength(1);
  runs[0]?.sink.restart(4);
  runs[0]?.sink.events([recordedAt(5)]);
  expect(feed.eventsAfter(4)).toHaveLength(1);
  feed.leave(first);
  expect(runs[0]?.signal.aborted).toBe(false);
  feed.leave(second);
  expect(runs[0]?.signal.aborted).toBe(true);
  expect([feed.isLive(), feed.isFollowed(), feed.eventsAfter(4)]).toEqual([false, false, undefined]);
});

test('what is handed in after its time is left out', async () => {
  const { hear, runs } = createHearing();
  const feed = createLiveFeed(hear);
  const [first, second] = [follower(), follower()];
  feed.join(first);
  feed.leave(first);
  feed.join(second);
  runs[0]?.sink.restart(4);
  runs[0]?.sink.events([recordedAt(5)]);
  runs[0]?.sink.announced(6);
  runs[0]?.fail(new Error('too late'));
  await Promise.resolve();
  expect(feed.isLive()).toBe(false);
  expect(second.end).not.toHaveBeenCalled();
  runs[1]?.sink.restart(7);
  expect([feed.isLive(), feed.newest()]).toEqual([true, 7]);
});

test('a fault that no waiting can help ends all who follow; who comes later begins anew', async () => {
  const { hear, runs } = createHearing();
  const feed = createLiveFeed(hear);
  const ended = Promise.withResolvers<Error | undefined>();
  const first = { wake: () => {}, end: (error?: Error) => leaveWith(error) };
  const leaveWith = (error?: Error) => {
    feed.leave(first);
    ended.resolve(error);
  };
  feed.join(first);
  const fault = new Error('for good');
  runs[0]?.fail(fault);
  expect(await ended.promise).toBe(fault);
  feed.join(follower());
  expect(runs).toHaveLength(2);
});

test('followers are woken by what is new, and by nothing else', () => {
  const feed = createLiveFeed();
  const one = follower();
  feed.join(one);
  feed.announced(3);
  feed.announced(3);
  feed.announced(2);
  expect(one.wake).toHaveBeenCalledTimes(1);
  feed.events([recordedAt(4), recordedAt(5)], 3);
  feed.events([recordedAt(5)]);
  feed.events([]);
  expect(one.wake).toHaveBeenCalledTimes(2);
  expect([feed.newest(), feed.eventsAfter(3)?.length]).toEqual([5, 2]);
});

test('what was only announced is to be read, as is what is not here any more; what comes is waited for', () => {
  const feed = createLiveFeed();
  feed.join(follower());
  feed.restart(10);
  expect([feed.toBeReadAfter(3), feed.toBeReadAfter(10)]).toEqual([10, undefined]);
  feed.events([recordedAt(11)]);
  expect([feed.toBeReadAfter(3), feed.toBeReadAfter(11)]).toEqual([10, undefined]);
  feed.announced(13);
  expect([feed.toBeReadAfter(11), feed.toBeReadAfter(13)]).toEqual([13, undefined]);
  feed.events([recordedAt(12), recordedAt(13)], 11);
  expect([feed.toBeReadAfter(11), feed.eventsAfter(11)?.length]).toEqual([undefined, 2]);
});

test('closing ends every follower, those that come later too', () => {
  const feed = createLiveFeed();
  const [early, late] = [follower(), follower()];
  feed.join(early);
  feed.close();
  feed.join(late);
  expect(early.end).toHaveBeenCalledWith(undefined);
  expect(late.end).toHaveBeenCalledWith();
});

test('what comes while nobody follows is not kept: whoever follows later reads it', () => {
  const feed = createLiveFeed();
  feed.events([recordedAt(5)], 4);
  feed.join(follower());
  expect(feed.eventsAfter(4)).toBeUndefined();
});
