import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { atExpiry } from '../../src/rights/viewer.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

const day = 24 * 60 * 60 * 1_000;
const viewerFor = (milliseconds: number) => ({ userId: 'ada', name: 'Ada', expiresAt: Date.now() + milliseconds });

test.for([0, 1, 60_000, 24 * day, 25 * day, 60 * day, 400 * day])(
  'a token of %i ms is told to have ended when it has, and not before',
  (milliseconds) => {
    const expired = vi.fn();
    atExpiry(viewerFor(milliseconds), Date.now, expired);
    if (milliseconds > 0) vi.advanceTimersByTime(milliseconds - 1);
    expect(expired).toHaveBeenCalledTimes(0);
    vi.advanceTimersByTime(1);
    expect(expired).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(400 * day);
    expect(expired).toHaveBeenCalledOnce();
  },
);

test('nothing is told to one who has stopped waiting, at whatever moment', () => {
  for (const stoppedAfter of [0, 10 * day, 30 * day, 55 * day]) {
    const expired = vi.fn();
    const stop = atExpiry(viewerFor(60 * day), Date.now, expired);
    vi.advanceTimersByTime(stoppedAfter);
    stop();
    vi.advanceTimersByTime(100 * day);
    expect(expired).not.toHaveBeenCalled();
  }
});

test('a clock that is set back has the token end by the clock', () => {
  const expired = vi.fn();
  atExpiry(viewerFor(60_000), Date.now, expired);
  vi.setSystemTime(Date.now() - 30_000);
  vi.advanceTimersByTime(60_000);
  expect(expired).not.toHaveBeenCalled();
  vi.advanceTimersByTime(30_000);
  expect(expired).toHaveBeenCalledOnce();
});
