import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bucket, createBuckets, levelOf, millisecondsUntil, taken } from '../../src/api/token-bucket.ts';
import { assertProperty } from '../fakes/assert-property.ts';

const rate = { perSecond: 10, burst: 5 };

describe('a bucket', () => {
  it('gives a burst at once, then so many a second', () => {
    let bucket: Bucket | undefined;
    for (let times = 0; times < 5; times += 1) {
      expect(millisecondsUntil(rate, bucket, 1, 0)).toBe(0);
      bucket = taken(rate, bucket, 1, 0);
    }
    expect(millisecondsUntil(rate, bucket, 1, 0)).toBe(100);
    expect(millisecondsUntil(rate, bucket, 1, 99)).toBe(1);
    expect(millisecondsUntil(rate, bucket, 1, 100)).toBe(0);
    expect(millisecondsUntil(rate, bucket, 3, 100)).toBe(200);
    expect(levelOf(rate, bucket, 1_000_000)).toBe(5);
  });

  it('gives more than a whole one when it is full, and is in debt for it afterwards', () => {
    const bucket = taken(rate, undefined, 20, 0);
    expect(millisecondsUntil(rate, undefined, 20, 0)).toBe(0);
    expect(millisecondsUntil(rate, bucket, 1, 0)).toBe(1_600);
    expect(millisecondsUntil(rate, bucket, 20, 0)).toBe(2_000);
  });

  it('gives after the wait that it names and not before, and over any time no more than burst and rate', () => {
    assertProperty(
      fc.property(
        fc.array(fc.record({ amount: fc.integer({ min: 1, max: 5 }), after: fc.integer({ min: 0, max: 400 }) }), {
          minLength: 1,
        }),
        (asks) => {
          let bucket: Bucket | undefined;
          let [now, given] = [0, 0];
          for (const { amount, after } of asks) {
            now += after;
            const wait = millisecondsUntil(rate, bucket, amount, now);
            expect(millisecondsUntil(rate, bucket, amount, now + wait)).toBe(0);
            if (wait > 1) expect(millisecondsUntil(rate, bucket, amount, now + wait - 2)).toBeGreaterThan(0);
            if (wait > 0) continue;
            bucket = taken(rate, bucket, amount, now);
            given += amount;
          }
          expect(given).toBeLessThanOrEqual(rate.burst + (rate.perSecond * now) / 1_000 + 1e-6);
        },
      ),
    );
  });

  it('is not refilled by a clock that stands still or goes backwards', () => {
    const bucket = taken(rate, undefined, 5, 1_000);
    expect(millisecondsUntil(rate, bucket, 1, 1_000)).toBe(100);
    expect(millisecondsUntil(rate, bucket, 1, 0)).toBe(100);
  });
});

describe('the buckets of many keys', () => {
  it('are each their own', () => {
    const buckets = createBuckets(rate, 10);
    for (let times = 0; times < 5; times += 1) buckets.take('ada', 1, 0);
    expect(buckets.wait('ada', 1, 0)).toBe(100);
    expect(buckets.wait('ben', 1, 0)).toBe(0);
  });

  it('are never more than they may be, and the ones that were not used for longest go first', () => {
    const buckets = createBuckets(rate, 100);
    for (let key = 0; key < 100; key += 1) buckets.take(`${key}`, 5, 0);
    buckets.take('0', 1, 0);
    for (let key = 100; key < 150; key += 1) buckets.take(`${key}`, 5, 0);
    expect(buckets.size).toBe(100);
    expect(buckets.wait('0', 1, 0)).toBeGreaterThan(0);
    expect(buckets.wait('1', 1, 0)).toBe(0);
  });

  it('are dropped once they are full again', () => {
    const buckets = createBuckets(rate, 1_000);
    for (let key = 0; key < 500; key += 1) buckets.take(`${key}`, 1, 0);
    expect(buckets.size).toBe(500);
    for (let key = 0; key < 500; key += 1) buckets.take('somebody else', 1, 1_000 + key * 100);
    expect(buckets.size).toBe(1);
  });
});
