import { describe, expect, test } from 'vitest';
import { createIrcClock } from '../../src/import/irc-clock.ts';

const day = Date.parse('2004-12-25T00:00:00.000Z');

function tell(...shown: (string | undefined)[]): string[] {
  const minutes = shown.map((time) => time && Number(time.slice(0, 2)) * 60 + Number(time.slice(3)));
  const first = minutes.find((minute) => typeof minute === 'number');
  const clock = createIrcClock(day, typeof first === 'number' ? first : 0);
  return minutes.map((minute) =>
    new Date(clock.next(typeof minute === 'number' ? minute : undefined)).toISOString().slice(8),
  );
}

describe('the clock of a log', () => {
  test('spreads the lines of a minute and gives a line without time the last one seen', () => {
    expect(tell(undefined, '05:59', undefined, '05:59', '06:00')).toEqual([
      '25T05:59:00.000Z',
      '25T05:59:00.001Z',
      '25T05:59:00.002Z',
      '25T05:59:00.003Z',
      '25T06:00:00.000Z',
    ]);
  });

  test.each([
    ['11:59', '00:00', '25T12:00:00.000Z'],
    ['11:55', '00:05', '25T12:05:00.000Z'],
    ['12:57', '01:03', '25T13:03:00.000Z'],
    ['12:59', '01:00', '25T13:00:00.000Z'],
    ['23:59', '00:00', '26T00:00:00.000Z'],
  ])('after %s, %s is later by half a day, or by a day', (before, after, moment) => {
    expect(tell(before, after).at(-1)).toBe(moment);
  });

  test('stays half a day ahead once it has wrapped', () => {
    expect(tell('11:59', '00:00', '00:30', '06:09').at(-1)).toBe('25T18:09:00.000Z');
  });

  test('is held when it goes back by less than an hour', () => {
    expect(tell('10:30', '10:29', '10:31')).toEqual(['25T10:30:00.000Z', '25T10:30:00.001Z', '25T10:31:00.000Z']);
  });
});
