import { expect, test, vi } from 'vitest';
import { type Subscription, startDeliveries, type Take } from '../../src/delivery/deliveries.ts';
import { begun } from './stage.ts';

const viewer = { userId: 'ada', name: 'Ada', expiresAt: 1_000 };
const options = { viewer, now: () => 0 };

/** Deliveries of what is put into `items`, and a record of what was begun and ended. */
async function startQueue(more: Partial<typeof options> = {}) {
  const items: string[] = [];
  const ended: string[] = [];
  let subscription: Subscription | undefined;
  const deliveries = begun(
    await startDeliveries<string>({ ...options, ...more }, async (own) => {
      subscription = own;
      own.begun(() => ended.push('first'));
      own.begun(() => ended.push('second'));
      return async () => items.shift();
    }),
  );
  if (subscription === undefined) throw new Error('it was not started');
  return { items, ended, deliveries, subscription };
}

const over = { done: true, value: undefined };

test('what comes is delivered in order, at once where it is waited for', async () => {
  const { items, deliveries, subscription } = await startQueue();
  items.push('a', 'b');
  expect(await deliveries.next()).toEqual({ done: false, value: 'a' });
  expect(await deliveries.next()).toEqual({ done: false, value: 'b' });
  const waiting = deliveries.next();
  items.push('c');
  subscription.wake();
  expect(await waiting).toEqual({ done: false, value: 'c' });
});

test('a wake while something is being taken is not lost', async () => {
  const items: string[] = [];
  let own: Subscription | undefined;
  const deliveries = begun(
    await startDeliveries<string>(options, async (subscription) => {
      own = subscription;
      return async () => {
        const item = items.shift();
        if (item === undefined && items.length === 0) {
          items.push('late');
          own?.wake();
        }
        return item;
      };
    }),
  );
  expect(await deliveries.next()).toEqual({ done: false, value: 'late' });
});

test('returning before anything was asked for ends what was begun, the last first', async () => {
  const { ended, deliveries } = await startQueue();
  await deliveries.return?.();
  expect(ended).toEqual(['second', 'first']);
  expect(await deliveries.next()).toEqual(over);
  await deliveries.return?.();
  expect(ended).toEqual(['second', 'first']);
});

test('returning settles a pending next, also where what it takes never comes', async () => {
  const deliveries = begun(await startDeliveries(options, async () => () => new Promise<undefined>(() => {})));
  const waiting = deliveries.next();
  await deliveries.return?.();
  expect(await waiting).toEqual(over);
});

test('a refusal is the return value, once; an error rejects, once', async () => {
  const refused = await startQueue();
  const waiting = refused.deliveries.next();
  refused.subscription.end({ kind: 'no-longer-a-member' });
  expect(await waiting).toEqual({ done: true, value: { kind: 'no-longer-a-member' } });
  expect(await refused.deliveries.next()).toEqual(over);

  const failed = await startQueue();
  failed.subscription.fail(new RangeError('by order of the test'));
  await expect(failed.deliveries.next()).rejects.toThrow(RangeError);
  expect(await failed.deliveries.next()).toEqual(over);
  expect(failed.ended).toEqual(['second', 'first']);
});

test('one who has returned is not told any more why it has ended', async () => {
  const { deliveries, subscription } = await startQueue();
  subscription.fail(new RangeError('by order of the test'));
  await deliveries.return?.();
  expect(await deliveries.next()).toEqual(over);
});

test('what cannot be taken ends it with the reason', async () => {
  const ended = vi.fn();
  const deliveries = begun(
    await startDeliveries(options, async (subscription) => {
      subscription.begun(ended);
      return () => Promise.reject(new RangeError('by order of the test'));
    }),
  );
  await expect(deliveries.next()).rejects.toThrow(RangeError);
  expect(ended).toHaveBeenCalledOnce();
});

test('a start that throws or is refused has ended what it began', async () => {
  const ended: string[] = [];
  const failing = startDeliveries(options, (subscription) => {
    subscription.begun(() => ended.push('of a start that throws'));
    return Promise.reject(new RangeError('by order of the test'));
  });
  await expect(failing).rejects.toThrow(RangeError);
  const refused = await startDeliveries(options, async (subscription) => {
    subscription.begun(() => ended.push('of a start that is refused'));
    return { refused: { kind: 'no-longer-a-member' } };
  });
  expect(refused).toEqual({ refused: { kind: 'no-longer-a-member' } });
  expect(ended).toEqual(['of a start that throws', 'of a start that is refused']);
});

test('what is begun after the end is ended at once', async () => {
  const { subscription, ended } = await startQueue();
  subscription.end();
  subscription.begun(() => ended.push('late'));
  expect(ended).toEqual(['second', 'first', 'late']);
});

test('an end that throws keeps no other from being ended, and is told', async () => {
  const { subscription, ended, deliveries } = await startQueue();
  subscription.begun(() => {
    throw new RangeError('by order of the test');
  });
  subscription.end();
  expect(ended).toEqual(['second', 'first']);
  await expect(deliveries.next()).rejects.toThrow(RangeError);
});

test('the token’s end ends them: idle, waiting, and with something to deliver', async () => {
  vi.useFakeTimers();
  try {
    let now = 0;
    const idle = await startQueue({ now: () => now });
    const waiting = await startQueue({ now: () => now });
    const pending = waiting.deliveries.next();
    const ready = await startQueue({ now: () => now });
    ready.items.push('too late');
    now = 1_000;
    const expired = { done: true, value: { kind: 'unauthenticated', token: 'expired', problem: expect.any(String) } };
    expect(await ready.deliveries.next()).toEqual(expired);
    vi.advanceTimersByTime(1_000);
    expect(await pending).toEqual(expired);
    for (const { ended } of [idle, waiting, ready]) expect(ended).toEqual(['second', 'first']);
  } finally {
    vi.useRealTimers();
  }
});

test('deliveries that have ended are not kept in memory until the token’s end', async () => {
  vi.useFakeTimers();
  try {
    const { deliveries } = await startQueue();
    expect(vi.getTimerCount()).toBe(1);
    await deliveries.return?.();
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test('a token that ends while the deliveries begin leaves nothing begun', async () => {
  vi.useFakeTimers();
  try {
    let now = 0;
    const ended: string[] = [];
    const starting = Promise.withResolvers<Take<string>>();
    const started = startDeliveries<string>({ viewer, now: () => now }, (subscription) => {
      subscription.begun(() => ended.push('begun'));
      return starting.promise;
    });
    now = 1_000;
    vi.advanceTimersByTime(1_000);
    expect(ended).toEqual(['begun']);
    starting.resolve(async () => 'too late');
    expect(await begun(await started).next()).toMatchObject({ done: true, value: { kind: 'unauthenticated' } });
  } finally {
    vi.useRealTimers();
  }
});

test('a token that lives longer than a timer can wait is not ended by the timer', async () => {
  vi.useFakeTimers();
  try {
    let now = 0;
    const longest = 2 ** 31 - 1;
    const old = await startQueue({ viewer: { ...viewer, expiresAt: longest + 1_000 }, now: () => now });
    now = longest;
    vi.advanceTimersByTime(longest);
    expect(old.ended).toEqual([]);
    now = longest + 1_000;
    vi.advanceTimersByTime(1_000);
    expect(old.ended).toEqual(['second', 'first']);
  } finally {
    vi.useRealTimers();
  }
});
