import { once } from 'node:events';
import { expect, test } from 'vitest';
import { keepRunning } from '../../src/processes/keep-running.ts';

/** A task whose runs are ended one after the other by the test. */
function scripted(ends: readonly (() => void)[], pauses: readonly (number | 'never')[] = []) {
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
      return pauses[told.length - 1] ?? 0;
    },
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
      return 2 ** 30;
    },
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
  });
  await again.promise;
  await task.stop();
  expect(runs).toBe(2);
});
