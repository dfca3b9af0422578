import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { pause, pauseAfter } from '../../../src/adapters/following/backoff.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test('a pause is anything up to a bound that doubles with each failure, from the first on, and ends somewhere', () => {
  const random = vi.spyOn(Math, 'random').mockReturnValue(1);
  const backoff = { first: 50, most: 300 };
  expect([1, 2, 3, 4, 5].map((failures) => pauseAfter(failures, backoff))).toEqual([50, 100, 200, 300, 300]);
  random.mockReturnValue(0);
  expect(pauseAfter(5, backoff)).toBe(0);
});

test('a pause ends after its time, at once when its signal aborts, and is none where that has happened before', async () => {
  const over = pause(1_000);
  await vi.advanceTimersByTimeAsync(1_000);
  await over;
  const abort = new AbortController();
  const cut = pause(1_000, abort.signal);
  abort.abort();
  await cut;
  await pause(1_000, abort.signal);
  expect(vi.getTimerCount()).toBe(0);
});
