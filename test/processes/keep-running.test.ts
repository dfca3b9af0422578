import { once } from 'node:events';
import { expect, test } from 'vitest';
import { keepRunning, nextPause } from '../../src/processes/keep-running.ts';

const noPauses = { first: 0, longest: 0 };

/** A task whose runs are ended one after the other by the test. */
function scripted(ends: readonly (() => void)[], then: readonly 'never'[] = []) {
  const told: unknown[] = [];
  const allBegun = Promise.withResolvers<void>();
  let runs = 0;
  const task = keepRunning({
    async run(signal) {
      const end = ends[runs];
      runs += 1;
      if (end !== undefined) return end();
      allBegun.resolve();
      if (!signal.aborted) await once(signal, 'abort');
    },
    onEnd(error) {
      told.push(error);
      return then[told.length - 1] ?? 'again';
    },
    pauses: noPauses,
  });
  return { task, told, allBegun: allBegun.promise, runs: () => runs };
}

const fails = (error: unknown) => () => {
  throw error;
};

test('a run that fails and one that just ends are both told, and the next is begun', async () => {
  const error = new Error('it broke');
  const { task, told, allBegun, runs } = scripted([fails(error), () => {}]);
  await allBegun;
  expect(told).toEqual([error, undefined]);
  await task.stop();
  expect(runs()).toBe(3);
  expect(told).toHaveLength(2);
});

test('a run that is aborted tells nothing, and none is begun after it', async () => {
  const { task, told, allBegun, runs } = scripted([]);
  await allBegun;
  await task.stop();
  expect({ runs: runs(), told }).toEqual({ runs: 1, told: [] });
});

test('a pause ends with the task', async () => {
  const paused = Promise.withResolvers<void>();
  const task = keepRunning({
    run: fails(new Error('it broke')) as () => Promise<void>,
    onEnd() {
      paused.resolve();
      return 'again';
    },
    pauses: { first: 2 ** 30, longest: 2 ** 30 },
  });
  await paused.promise;
  await task.stop();
});

test('"never" ends the task', async () => {
  const { task, runs } = scripted([fails(new Error('for good'))], ['never']);
  await task.stop();
  await new Promise(setImmediate);
  expect(runs()).toBe(1);
});

test('a defect in telling why a run has ended does not end the task', async () => {
  let runs = 0;
  const again = Promise.withResolvers<void>();
  const task = keepRunning({
    async run() {
      runs += 1;
      if (runs === 2) again.resolve();
      throw new Error('it broke');
    },
    onEnd() {
      throw new TypeError('a defect');
    },
    pauses: noPauses,
  });
  await again.promise;
  await task.stop();
  expect(runs).toBe(2);
});

test('pauses double up to the longest, and begin anew after a run that was well', () => {
  const pauses = { first: 1_000, longest: 10_000 };
  const next = (previous: number | undefined, ran: number) => nextPause(pauses, previous, ran);
  expect([next(undefined, 0), next(1_000, 5), next(8_000, 5), next(10_000, 9_999)]).toEqual([
    1_000, 2_000, 10_000, 10_000,
  ]);
  expect(next(10_000, 10_001)).toBe(1_000);
});
