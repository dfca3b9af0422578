import { expect, test } from 'vitest';
import { createRecentEvents } from '../../../src/adapters/following/recent-events.ts';
import { recordedAt } from './recorded-events.ts';

function createRecent() {
  const recent = createRecentEvents();
  return {
    ...recent,
    /** What follows on everything that came before. */
    addNext: (...positions: readonly number[]) =>
      recent.add(
        positions.map((position) => recordedAt(position)),
        recent.newest(),
      ),
    positionsAfter: (position: number) => recent.eventsAfter(position)?.map((event) => event.position),
  };
}

test('what comes after a position is handed out from anywhere, and nothing twice', () => {
  const recent = createRecent();
  recent.restart(100);
  recent.addNext(110, 130);
  recent.addNext(110, 130, 120, 140, 130, 150);
  recent.addNext(150);
  expect(recent.positionsAfter(99)).toBeUndefined();
  expect(recent.positionsAfter(100)).toEqual([110, 130]);
  expect(recent.positionsAfter(115)).toEqual([130]);
  expect(recent.positionsAfter(130)).toEqual([140, 150]);
  expect(recent.positionsAfter(150)).toBeUndefined();
});

test('who is up to date is handed the very array that came in', () => {
  const recent = createRecentEvents();
  const events = [recordedAt(0), recordedAt(1)];
  recent.add(events, -1);
  expect(recent.eventsAfter(-1)).toBe(events);
});

test('nothing is handed out across a gap', () => {
  const recent = createRecent();
  recent.addNext(0, 1, 2);
  recent.add([recordedAt(7)], 6);
  expect(recent.coveredAfter()).toBe(6);
  expect(recent.positionsAfter(2)).toBeUndefined();
  expect(recent.positionsAfter(5)).toBeUndefined();
  expect(recent.positionsAfter(6)).toEqual([7]);
});

test('it is bounded in events and in bytes, and says from where on it is whole', () => {
  const recent = createRecent();
  for (let position = 1; position <= 20_000; position += 1) recent.addNext(position);
  expect(recent.coveredAfter()).toBe(10_000);
  expect(recent.positionsAfter(9_999)).toBeUndefined();
  expect(recent.positionsAfter(10_000)).toEqual([10_001]);
  for (let position = 20_001; position <= 20_040; position += 1) {
    recent.add([recordedAt(position, 'x'.repeat(900_000))], recent.newest());
  }
  expect(recent.byteLength()).toBeLessThanOrEqual(16 * 1024 * 1024);
  expect(recent.positionsAfter(20_022)).toEqual([20_023]);
  expect(recent.positionsAfter(20_021)).toBeUndefined();
  // A text beyond Latin-1 weighs twice as much, and one that is too large by itself is not kept.
  recent.add([recordedAt(30_000, 'ж'.repeat(9_000_000))], recent.newest());
  expect([recent.coveredAfter(), recent.newest(), recent.byteLength()]).toEqual([30_000, 30_000, 0]);
});
