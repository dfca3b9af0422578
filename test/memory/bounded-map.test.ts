import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BoundedMap, createBoundedMap } from '../../src/memory/bounded-map.ts';
import { assertProperty } from '../fakes/assert-property.ts';

const keys = ['a', 'b', 'c', 'd', 'e'] as const;
const kept = (map: BoundedMap<string>) => keys.filter((key) => map.peek(key) !== undefined);

/** Room for so many values of 1,000 bytes. */
function roomFor(count: number): BoundedMap<string> {
  const one = createBoundedMap<string>(Number.POSITIVE_INFINITY);
  one.set('a', 'A', 1_000);
  return createBoundedMap(count * one.byteLength);
}

function filled(map: BoundedMap<string>, ...of: readonly string[]): BoundedMap<string> {
  for (const key of of) map.set(key, key.toUpperCase(), 1_000);
  return map;
}

describe('a bounded map', () => {
  test('lets go what was used least recently', () => {
    const map = filled(roomFor(3), 'a', 'b', 'c');
    map.use('a');
    filled(map, 'd');
    expect(kept(map)).toEqual(['a', 'c', 'd']);
  });

  test('looks without using', () => {
    const map = filled(roomFor(3), 'a', 'b', 'c');
    map.peek('a');
    filled(map, 'd');
    expect(kept(map)).toEqual(['b', 'c', 'd']);
  });

  test('never lets go what is pinned, however often it is pinned and released once', () => {
    const map = filled(roomFor(2), 'a', 'b');
    const [first, second] = [map.pin('a'), map.pin('a')];
    filled(map, 'c', 'd', 'e');
    expect(kept(map)).toEqual(['a', 'e']);
    first();
    first();
    filled(map, 'b', 'c');
    expect(kept(map)).toEqual(['a', 'c']);
    second();
    filled(map, 'd', 'e');
    expect(kept(map)).toEqual(['d', 'e']);
  });

  test('takes no pin of a value that is gone for one of what stands under its key now', () => {
    const map = filled(roomFor(2), 'a');
    const release = map.pin('a');
    map.delete('a');
    filled(map, 'a');
    map.pin('a');
    release();
    filled(map, 'b', 'c', 'd');
    expect(kept(map)).toEqual(['a', 'd']);
  });

  test('keeps the pins of a value that is replaced', () => {
    const map = filled(roomFor(2), 'a');
    map.pin('a');
    filled(map, 'a', 'b', 'c', 'd');
    expect(kept(map)).toEqual(['a', 'd']);
  });

  test('lets go for what has grown, and when what was too much is released', () => {
    const map = filled(roomFor(3), 'a', 'b', 'c');
    map.weigh('c', 2_000);
    expect(kept(map)).toEqual(['b', 'c']);
    const release = map.pin('b');
    map.weigh('b', 10_000);
    filled(map, 'd');
    expect(kept(map)).toEqual(['b', 'd']);
    release();
    expect(kept(map)).toEqual(['b']);
  });

  test('keeps the one used last though it is above the bound alone', () => {
    const map = roomFor(1);
    map.set('a', 'A', 100_000);
    expect(kept(map)).toEqual(['a']);
    filled(map, 'b');
    expect(kept(map)).toEqual(['b']);
  });
});

test('its sum is that of what it holds, whatever was done', () => {
  const key = fc.constantFrom(...keys);
  const bytes = fc.nat({ max: 3_000 });
  const step = fc.oneof(
    fc.record({ does: fc.constant('set' as const), key, bytes }),
    fc.record({ does: fc.constant('weigh' as const), key, bytes }),
    fc.record({ does: fc.constant('use' as const), key }),
    fc.record({ does: fc.constant('pin' as const), key }),
    fc.record({ does: fc.constant('release' as const), key }),
    fc.record({ does: fc.constant('delete' as const), key }),
  );
  assertProperty(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const capacity = 5_000;
      const map = createBoundedMap<string>(capacity);
      const expected = new Map<string, number>();
      const releases = new Map<string, (() => void)[]>();
      for (const one of steps) {
        if (one.does === 'set') {
          map.set(one.key, one.key, one.bytes);
          expected.set(one.key, one.bytes);
        } else if (one.does === 'weigh') {
          map.weigh(one.key, one.bytes);
          if (expected.has(one.key)) expected.set(one.key, one.bytes);
        } else if (one.does === 'use') map.use(one.key);
        else if (one.does === 'pin') releases.set(one.key, [...(releases.get(one.key) ?? []), map.pin(one.key)]);
        else if (one.does === 'release') releases.get(one.key)?.pop()?.();
        else map.delete(one.key);
        for (const gone of keys.filter((name) => map.peek(name) === undefined)) expected.delete(gone);
        const alone = createBoundedMap<string>(Number.POSITIVE_INFINITY);
        for (const [name, size] of expected) alone.set(name, name, size);
        expect(map.byteLength).toBe(alone.byteLength);
        expect([...map.keys()].sort()).toEqual([...expected.keys()].sort());
        const loose = keys.filter((name) => map.peek(name) !== undefined && !map.isPinned(name));
        expect(map.byteLength <= capacity || loose.length <= 1).toBe(true);
      }
    }),
  );
});
