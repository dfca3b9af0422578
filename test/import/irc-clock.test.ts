import { describe, expect, test } from 'vitest';
import { createIrcClock, type IrcClockOptions } from '../../src/import/irc-clock.ts';
import type { LineTime } from '../../src/import/irc-stamp.ts';

const christmas = { year: 2004, month: 12, day: 25 };

/** `HH:MM` or `HH:MM:SS` as the lines show it; undefined for a line without a time. */
function tell(shown: readonly (string | undefined)[], options: Partial<IrcClockOptions> = {}): string[] {
  const clock = createIrcClock({ zone: 'UTC', day: christmas, mayBeTwelveHours: true, ...options });
  return shown.map((time) => {
    const moment = clock.next(time === undefined ? undefined : shownTime(time));
    return moment === undefined ? 'unknown' : new Date(moment).toISOString().slice(8);
  });
}

function shownTime(time: string): LineTime {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number);
  return { kind: 'wall', seconds: (hours * 60 + minutes) * 60 + seconds };
}

describe('the clock of a log', () => {
  test('spreads the lines of a minute and gives a line without time the last one seen', () => {
    expect(tell([undefined, '05:59', undefined, '05:59', '06:00'])).toEqual([
      'unknown',
      '25T05:59:00.000Z',
      '25T05:59:00.001Z',
      '25T05:59:00.002Z',
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
    expect(tell([before, after]).at(-1)).toBe(moment);
  });

  test('stays half a day ahead once it has wrapped', () => {
    expect(tell(['11:59', '00:00', '00:30', '06:09']).at(-1)).toBe('25T18:09:00.000Z');
  });

  test('is held when it goes back by less than an hour', () => {
    expect(tell(['10:30', '10:29', '10:31'])).toEqual(['25T10:30:00.000Z', '25T10:30:00.001Z', '25T10:31:00.000Z']);
  });

  test('of 12 hours that goes back by an hour has not wrapped: the rest of the day stays where it is', () => {
    expect(tell(['02:59', '02:00', '02:30', '03:10']).map((moment) => moment.slice(3, 8))).toEqual([
      '02:59',
      '02:59',
      '02:59',
      '03:10',
    ]);
  });

  test('of 24 hours has passed midnight only where it goes back by half a day', () => {
    const shown = ['22:00', '11:00', '23:50', '00:10'];
    expect(tell(shown, { mayBeTwelveHours: false }).map((moment) => moment.slice(0, 8))).toEqual([
      '25T22:00',
      '25T22:00',
      '25T23:50',
      '26T00:10',
    ]);
  });
});

describe('a clock of a zone', () => {
  const octoberNight = { zone: 'Europe/Berlin', day: { year: 2026, month: 10, day: 25 }, mayBeTwelveHours: false };

  test('shows an hour twice at the end of summer time: the second begins where it goes back', () => {
    const shown = ['01:59:00', '02:00:00', '02:56:10', '02:20:00', '02:20:00', '02:59:59', '03:00:00'];
    expect(tell(shown, octoberNight)).toEqual([
      '24T23:59:00.000Z',
      '25T00:00:00.000Z',
      '25T00:56:10.000Z',
      '25T01:20:00.000Z',
      '25T01:20:00.001Z',
      '25T01:59:59.000Z',
      '25T02:00:00.000Z',
    ]);
  });

  test('that is set right by seconds within that hour has not gone through it again', () => {
    expect(tell(['02:30:10', '02:30:05'], octoberNight)).toEqual(['25T00:30:10.000Z', '25T00:30:10.001Z']);
  });

  test('goes on an hour later where one is left out', () => {
    const marchNight = { zone: 'America/New_York', day: { year: 2026, month: 3, day: 8 }, mayBeTwelveHours: false };
    expect(tell(['01:59', '03:00'], marchNight)).toEqual(['08T06:59:00.000Z', '08T07:00:00.000Z']);
  });

  test('takes a day without a year for one of the next year after December', () => {
    const clock = createIrcClock({ zone: 'UTC', day: undefined, mayBeTwelveHours: false });
    expect(clock.next({ kind: 'wall', seconds: 0, day: { month: 12, day: 31 } })).toBeUndefined();
    clock.next({ kind: 'day', day: { year: 2026, month: 12, day: 31 } });
    const moments = [
      clock.next({ kind: 'wall', seconds: 60, day: { month: 12, day: 31 } }),
      clock.next({ kind: 'wall', seconds: 60, day: { month: 1, day: 1 } }),
    ];
    expect(moments).toEqual([Date.UTC(2026, 11, 31, 0, 1), Date.UTC(2027, 0, 1, 0, 1)]);
  });
});
