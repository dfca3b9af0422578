/** The full form alone: a date, a time and an offset, as RFC 3339 has them and without its `-00:00`. */
const form = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:Z|([+-])(\d{2}):(\d{2}))$/i;

/**
 * The moment that a text names, as the same moment in UTC with milliseconds, or what is wrong with it. JavaScript's own
 * parser takes a text without an offset as the server's local time, 30 February as 2 March, and 24:00 as the next day.
 */
export function utcMoment(text: string): { readonly utc: string } | { readonly problem: string } {
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHour = '0', offsetMinute = '0'] =
    form.exec(text) ?? [];
  if (year === undefined) {
    return { problem: 'is a date, a time and an offset: 2026-11-24T12:00:00Z or 2026-11-24T13:00:00.000+01:00' };
  }
  if (Number(hour) > 23) return { problem: 'has an hour from 00 to 23' };
  if (Number(minute) > 59) return { problem: 'has a minute from 00 to 59' };
  // Leap seconds are in no clock that a server has.
  if (Number(second) > 59) return { problem: 'has a second from 00 to 59' };
  if (Number(offsetHour) > 23 || Number(offsetMinute) > 59) return { problem: 'has an offset from -23:59 to +23:59' };
  const offsetMinutes = Number(offsetHour) * 60 + Number(offsetMinute);
  if (sign === '-' && offsetMinutes === 0) return { problem: 'has a known offset, which -00:00 is not' };
  const local = new Date(0);
  local.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  // A day that its month does not have has become one of the next month.
  if (local.getUTCMonth() !== Number(month) - 1 || local.getUTCDate() !== Number(day)) {
    return { problem: 'is a day that the calendar has' };
  }
  // What is finer than a millisecond is cut: nothing here happens in between.
  local.setUTCHours(Number(hour), Number(minute), Number(second), Number(fraction.slice(0, 3).padEnd(3, '0')));
  const moment = local.getTime() - (sign === '-' ? -offsetMinutes : offsetMinutes) * 60_000;
  const utc = new Date(moment).toISOString();
  // Beyond them a year has six digits, and moments would no longer stand in the order of their texts.
  if (utc.length !== '2026-11-24T12:00:00.000Z'.length) return { problem: 'is between the years 0000 and 9999 in UTC' };
  return { utc };
}
