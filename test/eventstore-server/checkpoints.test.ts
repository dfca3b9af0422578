import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCheckpoints } from '../../src/eventstore-server/checkpoints.ts';
import { type Place, placeOf, positionUpTo } from '../../src/eventstore-server/places.ts';
import { startOfLog } from '../../src/ports/event-log.ts';
import { assertProperty } from '../fakes/assert-property.ts';

const filter = (window: number, multiplier = 1) => ({
  matches: () => true,
  window,
  checkpointInterval: window * multiplier,
});

describe('checkpoints', () => {
  test('come once an interval, whether anything matches or not', () => {
    const checkpoints = createCheckpoints(filter(2, 3), 'start');
    const places = Array.from({ length: 23 }, (_, position) => checkpoints.considered(position, false));
    expect(places.filter((place) => place !== undefined)).toHaveLength(4);
  });

  test('once caught up, or from the end, say the event that was looked at last', () => {
    const checkpoints = createCheckpoints(filter(2), 'end');
    expect([10, 11, 12, 13].map((position) => checkpoints.considered(position, false))).toEqual([
      undefined,
      placeOf(11),
      undefined,
      placeOf(13),
    ]);
  });

  test('never pass an event that has not been sent, and never go back', () => {
    const history = fc.record({
      window: fc.integer({ min: 1, max: 5 }),
      multiplier: fc.integer({ min: 1, max: 4 }),
      gaps: fc.array(fc.record({ gap: fc.integer({ min: 1, max: 3 }), matched: fc.boolean() }), { maxLength: 60 }),
      caughtUpAt: fc.nat({ max: 60 }),
      start: fc.integer({ min: startOfLog, max: 5 }),
    });
    assertProperty(
      fc.property(history, ({ window, multiplier, gaps, caughtUpAt, start }) => {
        const checkpoints = createCheckpoints(
          filter(window, multiplier),
          start === startOfLog ? 'start' : { after: start },
        );
        let position = start;
        let previous: Place = { commit: 0, prepare: 0 };
        for (const [index, { gap, matched }] of gaps.entries()) {
          if (index === caughtUpAt) checkpoints.caughtUp();
          position += gap;
          const place = checkpoints.considered(position, matched);
          if (place === undefined) continue;
          expect(positionUpTo(place)).toBeLessThanOrEqual(position);
          expect(place.commit).toBeGreaterThanOrEqual(previous.commit);
          previous = place;
        }
      }),
    );
  });
});
