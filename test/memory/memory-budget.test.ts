import { expect, test } from 'vitest';
import { createMemoryBudget } from '../../src/memory/memory-budget.ts';

test('each holds its own in any case, and all together what there is beyond', () => {
  const budget = createMemoryBudget({ eachBytes: 10, togetherBytes: 100 });
  const [greedy, other] = [budget.share(), budget.share()];
  expect(greedy.add(110)).toBe(true);
  expect(budget.byteLength).toBe(100);
  expect(greedy.add(1)).toBe(false);
  expect(other.add(10)).toBe(true);
  expect(other.add(1)).toBe(false);
  expect(greedy.add(-1)).toBe(true);
  expect(other.add(1)).toBe(true);
  expect(budget.byteLength).toBe(100);
});

test('the end lets go of all of it, and nothing is held after it', () => {
  const budget = createMemoryBudget({ eachBytes: 10, togetherBytes: 100 });
  const share = budget.share();
  share.add(60);
  share.end();
  share.end();
  expect(budget.byteLength).toBe(0);
  expect(share.add(1)).toBe(false);
});
