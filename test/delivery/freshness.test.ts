import { expect, test, vi } from 'vitest';
import { createFreshness, type FreshnessOptions } from '../../src/delivery/freshness.ts';
import { LogUnavailable } from '../../src/ports/event-log.ts';
import { ReadModelsUnavailable } from '../../src/ports/read-model-faults.ts';

/** Freshness on numbers that a test moves, and how often each was looked at. */
function stage(more: Partial<FreshnessOptions> = {}) {
  const at = { checkpoint: 0, feed: 100, end: 100 };
  const checkpoint = vi.fn(async () => at.checkpoint);
  const endPosition = vi.fn(async () => at.end);
  const freshness = createFreshness({
    readModels: { checkpoint },
    feed: { position: () => at.feed },
    log: { endPosition },
    startPosition: 0,
    ...more,
  });
  return { at, checkpoint, endPosition, freshness };
}

async function withFakeTimers(run: () => Promise<void>): Promise<void> {
  vi.useFakeTimers();
  try {
    await run();
  } finally {
    vi.useRealTimers();
  }
}

/** Whether a promise has settled once everything that runs at once has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  promise.then(settle, settle);
  await vi.advanceTimersByTimeAsync(20);
  return settled;
}

test('read models that are about to be there are waited for', async () => {
  let looks = 0;
  const checkpoint = async () => {
    looks += 1;
    if (looks < 3) throw new ReadModelsUnavailable('being made');
    return looks < 5 ? 1 : 7;
  };
  await stage({ readModels: { checkpoint } }).freshness.atLeast(7);
  expect(looks).toBe(5);
});

test('one look at the checkpoint serves all who ask at the same time', async () => {
  const { at, freshness, checkpoint } = stage();
  at.checkpoint = 7;
  await Promise.all([freshness.atLeast(5), freshness.atLeast(6), freshness.atLeast(7)]);
  await freshness.atLeast(7);
  expect(checkpoint).toHaveBeenCalledOnce();
});

test('nothing is relied on that was known before all was forgotten, nor on a look that began before', () =>
  withFakeTimers(async () => {
    const { at, freshness, checkpoint } = stage();
    at.checkpoint = 7;
    await freshness.atLeast(7);
    freshness.forgetAll();
    const old = Promise.withResolvers<number>();
    checkpoint.mockReturnValueOnce(old.promise);
    const asked = freshness.atLeast(7);
    await vi.advanceTimersByTimeAsync(0);
    freshness.forgetAll();
    at.checkpoint = 3;
    old.resolve(7);
    expect(await isSettled(asked)).toBe(false);
    at.checkpoint = 7;
    await vi.advanceTimersByTimeAsync(20);
    expect(await asked).toBeUndefined();
  }));

test('one poll serves all who wait', () =>
  withFakeTimers(async () => {
    const { at, freshness, checkpoint } = stage();
    const waiting = Array.from({ length: 1_000 }, (_, index) => freshness.atLeast(1 + (index % 50)));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(checkpoint.mock.calls.length).toBeLessThanOrEqual(102);
    expect(vi.getTimerCount()).toBe(1);
    at.checkpoint = 50;
    await vi.advanceTimersByTimeAsync(20);
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => undefined));
    expect(vi.getTimerCount()).toBe(0);
  }));

test('the live counts are waited for as well', () =>
  withFakeTimers(async () => {
    const { at, freshness } = stage();
    at.checkpoint = 10;
    at.feed = 9;
    const waiting = freshness.atLeast(10);
    expect(await isSettled(waiting)).toBe(false);
    at.feed = 10;
    expect(await isSettled(waiting)).toBe(true);
    expect(await waiting).toBeUndefined();
  }));

test('what takes too long is behind, and says how far it is', () =>
  withFakeTimers(async () => {
    const { at, freshness } = stage();
    at.checkpoint = 3;
    const waiting = freshness.atLeast(10);
    await vi.advanceTimersByTimeAsync(4_900);
    expect(await isSettled(waiting)).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    expect(await waiting).toEqual({ kind: 'behind', checkpoint: 3, wanted: 10 });
    expect(vi.getTimerCount()).toBe(0);
  }));

test('a look at the log’s end that began before a position was written refuses nobody who wants it', async () => {
  const looking = Promise.withResolvers<number>();
  const endPosition = vi.fn(async () => 101).mockImplementationOnce(() => looking.promise);
  const { at, freshness } = stage({ log: { endPosition } });
  at.checkpoint = 101;
  const early = freshness.atLeast(102);
  // Only now it is written and acknowledged, and whoever wrote it asks.
  const late = freshness.atLeast(101);
  at.feed = 101;
  looking.resolve(100);
  expect(await late).toBeUndefined();
  expect(await early).toEqual({ kind: 'position-not-reached', end: 101 });
});

test('a position that the log has not reached is refused at once, and nobody waits', () =>
  withFakeTimers(async () => {
    const { freshness } = stage();
    expect(await freshness.atLeast(101)).toEqual({ kind: 'position-not-reached', end: 100 });
    expect(vi.getTimerCount()).toBe(0);
  }));

test('a position that the log has, and the feed not yet, is waited for', () =>
  withFakeTimers(async () => {
    const { at, freshness, endPosition } = stage();
    at.end = 110;
    at.checkpoint = 110;
    const waiting = [freshness.atLeast(105), freshness.atLeast(110)];
    expect(await isSettled(Promise.all(waiting))).toBe(false);
    at.feed = 110;
    expect(await isSettled(Promise.all(waiting))).toBe(true);
    expect(await Promise.all(waiting)).toEqual([undefined, undefined]);
    expect(endPosition).toHaveBeenCalledOnce();
  }));

test('while the log does not say where it ends, what is beyond the feed is waited for', () =>
  withFakeTimers(async () => {
    const endPosition = () => Promise.reject(new LogUnavailable('away'));
    const { freshness } = stage({ log: { endPosition } });
    const waiting = freshness.atLeast(101);
    await vi.advanceTimersByTimeAsync(5_100);
    expect(await waiting).toMatchObject({ kind: 'behind', wanted: 101 });
  }));

test('what the log held at the start is waited for by everybody', () =>
  withFakeTimers(async () => {
    const { at, freshness } = stage({ startPosition: 50 });
    at.checkpoint = 49;
    expect(await freshness.ready()).toBe(false);
    const waiting = freshness.atLeast(undefined);
    expect(await isSettled(waiting)).toBe(false);
    at.checkpoint = 50;
    expect(await isSettled(waiting)).toBe(true);
    expect(await freshness.ready()).toBe(true);
  }));

test('read models that begin anew under the process are noticed, and waited for again', () =>
  withFakeTimers(async () => {
    const { at, freshness } = stage({ startPosition: 50 });
    at.checkpoint = 80;
    expect(await freshness.atLeast(70)).toBeUndefined();
    at.checkpoint = 10;
    await vi.advanceTimersByTimeAsync(1_100);
    const waiting = freshness.atLeast(undefined);
    expect(await isSettled(waiting)).toBe(false);
    expect(await freshness.ready()).toBe(false);
    at.checkpoint = 80;
    expect(await isSettled(waiting)).toBe(true);
  }));

test('where they cannot be looked at, what was enough a moment ago is not waited for', async () => {
  const { freshness } = stage({
    readModels: { checkpoint: vi.fn().mockResolvedValueOnce(80).mockRejectedValue(new ReadModelsUnavailable('away')) },
  });
  await withFakeTimers(async () => {
    expect(await freshness.atLeast(70)).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1_100);
    expect(await freshness.atLeast(70)).toBeUndefined();
    const waiting = expect(freshness.atLeast(90)).rejects.toThrow(ReadModelsUnavailable);
    await vi.advanceTimersByTimeAsync(5_100);
    await waiting;
  });
});

test('what is a defect is not waited for, at the first look and at a later one', async () => {
  const defect = new TypeError('a defect');
  const { freshness } = stage({ readModels: { checkpoint: () => Promise.reject(defect) } });
  await expect(freshness.atLeast(1)).rejects.toThrow(TypeError);
  const later = stage({ readModels: { checkpoint: vi.fn().mockResolvedValueOnce(0).mockRejectedValue(defect) } });
  await withFakeTimers(async () => {
    const waiting = expect(later.freshness.atLeast(1)).rejects.toThrow(TypeError);
    await vi.advanceTimersByTimeAsync(20);
    await waiting;
    // Nobody waits any more, so nothing is looked at either.
    expect(vi.getTimerCount()).toBe(0);
  });
});
