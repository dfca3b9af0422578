import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFenwickTree } from '../../src/projections/fenwick-tree.ts';
import { assertProperty } from '../fakes/assert-property.ts';

const maximumIndex = 600;
const place = fc.integer({ min: 0, max: maximumIndex });
const addition = fc.record({
  after: place,
  upTo: fc.oneof({ weight: 3, arbitrary: place }, { weight: 1, arbitrary: fc.constant(Number.POSITIVE_INFINITY) }),
  amount: fc.integer({ min: -3, max: 3 }),
});

test('every index has the sum of the additions to ranges that hold it, also after growing', () => {
  assertProperty(
    fc.property(fc.array(addition, { maxLength: 60, size: 'max' }), (additions) => {
      const tree = createFenwickTree();
      const plain = new Array<number>(maximumIndex * 2).fill(0);
      for (const { after, upTo, amount } of additions) {
        tree.addToRange(after, upTo, amount);
        for (let index = after + 1; index < plain.length && index <= upTo; index += 1)
          plain[index] = (plain[index] ?? 0) + amount;
      }
      expect(plain.map((_, index) => tree.valueAt(index))).toEqual(plain);
    }),
  );
});

test('an empty range changes nothing, and takes no room', () => {
  const tree = createFenwickTree();
  const before = tree.byteLength();
  tree.addToRange(1_000_000, 1_000_000, 1);
  tree.addToRange(1_000_000, 5, 1);
  expect(tree.valueAt(1_000_000)).toBe(0);
  expect(tree.byteLength()).toBe(before);
});

test('beyond everything that was added to, an open range goes on and a closed one does not', () => {
  const tree = createFenwickTree();
  tree.addToRange(3, Number.POSITIVE_INFINITY, 2);
  tree.addToRange(0, 100, 1);
  expect([0, 1, 4, 100, 101, 1_000_000].map((index) => tree.valueAt(index))).toEqual([0, 1, 3, 3, 2, 2]);
});

test('a million messages take four bytes each, to the next power of two', () => {
  const tree = createFenwickTree();
  tree.addToRange(0, 1_000_000, 1);
  expect(tree.byteLength()).toBeGreaterThanOrEqual(4 * (2 ** 20 + 1));
  expect(tree.byteLength()).toBeLessThan(4 * (2 ** 20 + 1) + 1_000);
});
