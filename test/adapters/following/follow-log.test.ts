import { describe, expect, test } from 'vitest';
import { type LogBatch, LogUnavailable } from '../../../src/ports/event-log.ts';
import { createStage, type Stage, take, takeEvents } from './stage.ts';

const done = { done: true, value: undefined };

describe('catching up and going live', () => {
  test('an empty log is caught up with at once', async () => {
    const follower = createStage().follow();
    expect(await take(follower)).toEqual({ events: [], caughtUp: true });
  });

  test('what the log holds is read by pages, and the last one says that it is', async () => {
    const stage = createStage();
    stage.append(7, 'unheard');
    const follower = stage.follow();
    const batches = [await take(follower), await take(follower), await take(follower)];
    expect(batches.map(({ events, caughtUp }) => [events.length, caughtUp])).toEqual([
      [3, false],
      [3, false],
      [1, true],
    ]);
    expect(batches.flatMap(({ events }) => events)).toEqual(stage.all);
  });

  test('what comes meanwhile joins on, and from then on nothing is read', async () => {
    const stage = createStage();
    stage.append(4, 'unheard');
    const follower = stage.follow();
    await take(follower);
    stage.append(2, 'comes');
    stage.append(1, 'comes');
    expect(await takeEvents(follower, 4)).toEqual(stage.all.slice(3));
    const read = stage.pages.length;
    for (const count of [1, 5, 2]) {
      const next = follower.next();
      stage.append(count, 'comes');
      expect((await next).value).toEqual({ events: stage.all.slice(-count), caughtUp: true });
    }
    expect(stage.pages).toHaveLength(read);
  });

  test('all who are live are handed one array', async () => {
    const stage = createStage();
    const followers = [stage.follow(), stage.follow(), stage.follow()];
    await Promise.all(followers.map(take));
    const next = followers.map(take);
    stage.append(3, 'comes');
    const [first, ...others] = await Promise.all(next);
    expect(first?.events).toHaveLength(3);
    for (const other of others) expect(other.events).toBe(first?.events);
  });

  test('what is only announced is read', async () => {
    const stage = createStage();
    const follower = stage.follow();
    await take(follower);
    const next = take(follower);
    stage.append(2, 'announced');
    expect(await next).toEqual({ events: stage.all, caughtUp: true });
    expect(stage.pages).toHaveLength(1);
  });

  test('what comes at any moment of its going to wait wakes it', async () => {
    for (let moment = 0; moment < 30; moment += 1) {
      const stage = createStage();
      const follower = stage.follow();
      await take(follower);
      const next = take(follower);
      for (let turn = 0; turn < moment; turn += 1) await Promise.resolve();
      stage.append(1, 'comes');
      expect((await next).events).toEqual(stage.all);
    }
  });

  test('what nobody has heard of is read before what came after it', async () => {
    const stage = createStage();
    const follower = stage.follow();
    await take(follower);
    const next = take(follower);
    stage.append(2, 'unheard');
    stage.append(1, 'comes');
    expect(await next).toEqual({ events: stage.all, caughtUp: true });
  });
});

describe('falling behind', () => {
  test('who is slower than memory is long reads pages again, misses nothing and is live again', async () => {
    const stage = createStage({ pageEvents: 4_000 });
    const [slow, quick] = [stage.follow(), stage.follow()];
    await Promise.all([take(slow), take(quick)]);
    for (let round = 0; round < 12; round += 1) {
      stage.append(1_000, 'comes');
      expect((await take(quick)).events).toHaveLength(1_000);
    }
    expect(stage.pages).toHaveLength(0);
    expect(await takeEvents(slow, 12_000)).toEqual(stage.all);
    const read = stage.pages.length;
    expect(read).toBeGreaterThan(0);
    const next = take(slow);
    stage.append(1, 'comes');
    expect(await next).toEqual({ events: stage.all.slice(-1), caughtUp: true });
    expect(stage.pages).toHaveLength(read);
  });

  test('pages are asked for up to where memory begins', async () => {
    const stage = createStage();
    const follower = stage.follow();
    await take(follower);
    stage.append(1, 'comes', 'x'.repeat(17 * 1024 * 1024));
    const [large] = stage.all;
    stage.append(1, 'comes');
    await takeEvents(follower, 2);
    expect(stage.pages).toEqual([{ after: -1, until: large?.position }]);
  });
});

describe('faults and ends', () => {
  test('a fault that may pass is waited for, wherever it comes', async () => {
    const stage = createStage();
    stage.append(5, 'unheard');
    let faults = 0;
    stage.beforeAnswer = () => {
      faults += 1;
      if (faults % 3 !== 0) throw new LogUnavailable('for a moment');
    };
    expect(await takeEvents(stage.follow(), 5)).toEqual(stage.all);
    expect(faults).toBe(9);
  });

  test('a fault that will not pass is thrown once, and is the end', async () => {
    const stage = createStage();
    const follower = stage.follow();
    await take(follower);
    stage.beforeAnswer = () => {
      throw new RangeError('for good');
    };
    const next = follower.next();
    stage.append(1, 'announced');
    await expect(next).rejects.toThrow('for good');
    expect(await follower.next()).toEqual(done);
    expect(stage.feed.isFollowed()).toBe(false);
  });

  test.each([
    ['live', async () => {}],
    ['waiting for the end of the log', (stage: Stage) => hold(stage)],
    ['reading a page', (stage: Stage) => hold(stage)],
    ['pausing after a fault', async (stage: Stage) => failAlways(stage)],
  ] as const)('aborting and returning settle what is pending while %s', async (state, break_) => {
    const endings: ((iterator: AsyncIterator<LogBatch>, abort: AbortController) => unknown)[] = [
      (_, abort) => abort.abort(),
      (iterator) => iterator.return?.(),
    ];
    for (const end of endings) {
      const stage = createStage();
      const abort = new AbortController();
      const follower = stage.follow(-1, abort.signal);
      if (state !== 'waiting for the end of the log') await take(follower);
      await break_(stage);
      const pending = follower.next();
      stage.append(1, state === 'live' ? 'unheard' : 'announced');
      // The first turn is the one that is left to others before a page.
      for (const _ of [1, 2]) await new Promise(setImmediate);
      end(follower, abort);
      expect(await pending).toEqual(done);
      expect(await follower.next()).toEqual(done);
      expect(stage.feed.isFollowed()).toBe(false);
    }
  });

  test('a signal that is aborted already delivers nothing, and one that leaves hinders nobody', async () => {
    const stage = createStage();
    stage.append(2, 'unheard');
    expect(await stage.follow(-1, AbortSignal.abort()).next()).toEqual(done);
    const [one, other] = [stage.follow(), stage.follow()];
    await Promise.all([take(one), take(other)]);
    await one.return?.();
    const next = take(other);
    stage.append(1, 'comes');
    expect(await next).toEqual({ events: stage.all.slice(-1), caughtUp: true });
  });

  test('closing the feed ends all who follow', async () => {
    const stage = createStage();
    const followers = [stage.follow(), stage.follow()];
    await Promise.all(followers.map(take));
    const pending = followers.map((follower) => follower.next());
    stage.feed.close();
    expect(await Promise.all(pending)).toEqual([done, done]);
    expect(await stage.follow().next()).toEqual(done);
  });
});

/** The log answers nothing until the test is over. */
function hold(stage: Stage): void {
  stage.beforeAnswer = () => new Promise(() => {});
}

function failAlways(stage: Stage): void {
  stage.beforeAnswer = () => {
    throw new LogUnavailable('still away');
  };
}
