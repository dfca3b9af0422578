import { expect, test } from 'vitest';
import { createFreshness } from '../../src/delivery/freshness.ts';
import { ReadModelsUnavailable } from '../../src/ports/read-models.ts';

const feed = { reached: async () => true };

test('read models that are about to be there are waited for', async () => {
  let looks = 0;
  const checkpoint = async () => {
    looks += 1;
    if (looks < 3) throw new ReadModelsUnavailable('being made');
    return looks < 5 ? 1 : 7;
  };
  const freshness = createFreshness({ readModels: { checkpoint }, feed, startPosition: 0 });
  await freshness.atLeast(7);
  expect(looks).toBe(5);
});

test('one look at the checkpoint serves all who wait at the same time', async () => {
  let looks = 0;
  const checkpoint = async () => {
    looks += 1;
    return 7;
  };
  const freshness = createFreshness({ readModels: { checkpoint }, feed, startPosition: 0 });
  await Promise.all([freshness.atLeast(5), freshness.atLeast(6), freshness.atLeast(7)]);
  await freshness.atLeast(7);
  expect(looks).toBe(1);
});

test('what is a defect is not waited for', async () => {
  const checkpoint = () => Promise.reject(new TypeError('a defect'));
  const freshness = createFreshness({ readModels: { checkpoint }, feed, startPosition: 0 });
  await expect(freshness.atLeast(1)).rejects.toThrow(TypeError);
});
