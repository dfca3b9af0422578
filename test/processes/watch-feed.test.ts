import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchFeed } from '../../src/processes/watch-feed.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('who hears nothing is sent away after so long and each time again, also where that has thrown', () => {
  let isFollowing = true;
  const defect = new Error('by order of the test');
  const onAway = vi.fn().mockImplementationOnce(() => {
    throw defect;
  });
  const onDefect = vi.fn();
  const stop = watchFeed({ isFollowing: () => isFollowing }, onAway, 5_000, onDefect);
  vi.advanceTimersByTime(60_000);
  expect(onAway).not.toHaveBeenCalled();
  isFollowing = false;
  vi.advanceTimersByTime(4_000);
  expect(onAway).not.toHaveBeenCalled();
  vi.advanceTimersByTime(2_000);
  expect(onAway).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(5_000);
  expect(onAway).toHaveBeenCalledTimes(2);
  expect(onDefect.mock.calls).toEqual([[defect]]);
  stop();
  vi.advanceTimersByTime(60_000);
  expect(onAway).toHaveBeenCalledTimes(2);
});
