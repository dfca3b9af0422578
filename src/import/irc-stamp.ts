/** A day as a log writes it: some leave out the year. */
export interface WrittenDay {
  readonly year?: number | undefined;
  readonly month: number;
  readonly day: number;
}

/** When a line was written, as far as it says. */
export type LineTime =
  /** Milliseconds since 1970, UTC: the line names its zone, or counts seconds. */
  | { readonly kind: 'instant'; readonly milliseconds: number }
  /** What the clock on the wall showed, and the day, where the line says it. */
  | { readonly kind: 'wall'; readonly seconds: number; readonly day?: WrittenDay | undefined }
  /** A line between others that says which day the next ones are of. */
  | { readonly kind: 'day'; readonly day: WrittenDay };

export interface Stamped {
  readonly time: LineTime;
  /** Everything after the stamp, with the space between. */
  readonly rest: string;
}

const daySeconds = 86_400;
const minuteSeconds = 60;
const hourSeconds = 3_600;

const isoStamp = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3})\d*)?)?(Z|[+-]\d\d:?\d\d)?(?![\d:.])/;
const clockStamp = /^(\d\d):(\d\d)(?::(\d\d))?( ?[AP]M)?(?![\d:.])/i;
const dottedStamp = /^(\d\d)\.(\d\d)\.(\d{4}|\d\d) (\d\d):(\d\d)(?::(\d\d))?(?![\d:.])/;
const namedDayStamp = /^(\d\d)-(\p{L}{3,4})-(\d{4}) (\d\d):(\d\d)(?::(\d\d))?(?![\d:.])/u;
const namedMonthStamp = /^(\p{L}{3,5})\.? +(\d{1,2}) (\d\d):(\d\d):(\d\d)(?![\d:.])/u;
const dashedStamp = /^(\d\d)-(\d\d)-(\d{4}) (\d\d):(\d\d):(\d\d)(?![\d:.])/;

/**
 * Takes the stamp off a line's beginning, bare or in square brackets. These are the stamps that programs write unless told
 * otherwise, and those that people were seen to have chosen. A day and a month in figures alone, with a slash between, are
 * not read: either may come first.
 */
export function readStamp(line: string): Stamped | undefined {
  const inBrackets = line.startsWith('[');
  const text = inBrackets ? line.slice(1) : line;
  const found = iso(text) ?? clock(text) ?? dotted(text) ?? namedDay(text) ?? namedMonth(text) ?? dashed(text);
  if (found === undefined) return undefined;
  const after = text.slice(found.length);
  if (!inBrackets) return { time: found.time, rest: after };
  return after.startsWith(']') ? { time: found.time, rest: after.slice(1) } : undefined;
}

interface Found {
  readonly time: LineTime;
  readonly length: number;
}

function iso(text: string): Found | undefined {
  const match = isoStamp.exec(text);
  if (match === null) return undefined;
  const [stamp, year = '', month = '', day = '', hours = '', minutes = '', seconds = '00', fraction = '0', zone] =
    match;
  const time = wall({ year, month, day }, hours, minutes, seconds);
  if (time === undefined || zone === undefined) return time && { time, length: stamp.length };
  const withColon = zone === 'Z' || zone.includes(':') ? zone : `${zone.slice(0, 3)}:${zone.slice(3)}`;
  const written = `${year}-${month}-${day}T${hours}:${minutes}:${seconds}.${fraction.padEnd(3, '0')}${withColon}`;
  const milliseconds = Date.parse(written);
  return Number.isNaN(milliseconds) ? undefined : { time: { kind: 'instant', milliseconds }, length: stamp.length };
}

function clock(text: string): Found | undefined {
  const match = clockStamp.exec(text);
  if (match === null) return undefined;
  const [stamp, shown = '', minutes = '', seconds = '00', half] = match;
  let hours = Number(shown);
  if (half !== undefined) {
    if (hours < 1 || hours > 12) return undefined;
    hours = (hours % 12) + (/p/i.test(half) ? 12 : 0);
  }
  const time = wall(undefined, String(hours), minutes, seconds);
  return time && { time, length: stamp.length };
}

function dotted(text: string): Found | undefined {
  const [stamp, day = '', month = '', year = '', hours = '', minutes = '', seconds = '00'] =
    dottedStamp.exec(text) ?? [];
  return stamp === undefined ? undefined : dated(stamp, { year, month, day }, hours, minutes, seconds);
}

function namedDay(text: string): Found | undefined {
  const [stamp, day = '', name = '', year = '', hours = '', minutes = '', seconds = '00'] =
    namedDayStamp.exec(text) ?? [];
  return stamp === undefined ? undefined : dated(stamp, { year, month: name, day }, hours, minutes, seconds);
}

function namedMonth(text: string): Found | undefined {
  const [stamp, name = '', day = '', hours = '', minutes = '', seconds = ''] = namedMonthStamp.exec(text) ?? [];
  return stamp === undefined ? undefined : dated(stamp, { month: name, day }, hours, minutes, seconds);
}

function dashed(text: string): Found | undefined {
  const [stamp, day = '', month = '', year = '', hours = '', minutes = '', seconds = ''] = dashedStamp.exec(text) ?? [];
  return stamp === undefined ? undefined : dated(stamp, { year, month, day }, hours, minutes, seconds);
}

/** The parts of a day as they are written: the month is a number or a name, and the year has two figures or four. */
interface DayParts {
  readonly year?: string;
  readonly month: string;
  readonly day: string;
}

function dated(stamp: string, parts: DayParts, hours: string, minutes: string, seconds: string): Found | undefined {
  const time = wall(parts, hours, minutes, seconds);
  return time && { time, length: stamp.length };
}

function wall(parts: DayParts | undefined, hours: string, minutes: string, seconds: string): LineTime | undefined {
  const ofDay = Number(hours) * hourSeconds + Number(minutes) * minuteSeconds + Number(seconds);
  // A leap second is the last one of its minute.
  if (Number(minutes) > 59 || Number(seconds) > 60 || ofDay > daySeconds) return undefined;
  if (parts === undefined) return { kind: 'wall', seconds: ofDay };
  const day = writtenDay(parts);
  return day && { kind: 'wall', seconds: ofDay, day };
}

/** Undefined where there is no such day. */
export function writtenDay({ year, month: written, day: ofMonth }: DayParts): WrittenDay | undefined {
  const month = /^\d+$/.test(written) ? Number(written) : monthNamed(written);
  const day = Number(ofMonth);
  // IRC is of 1988.
  const full =
    year === undefined ? undefined : Number(year) + (year.length === 4 ? 0 : Number(year) < 88 ? 2000 : 1900);
  if (month === undefined || month < 1 || month > 12 || day < 1) return undefined;
  const daysOfMonth = new Date(Date.UTC(full ?? 2000, month, 0)).getUTCDate();
  return day > daysOfMonth ? undefined : { year: full, month, day };
}

/** As programs shorten them in English, German, French, Spanish, Italian and Dutch. */
const monthNames: readonly (readonly string[])[] = [
  ['jan', 'ene', 'gen'],
  ['feb', 'fév', 'fev'],
  ['mar', 'mär', 'mrz', 'maa', 'mrt'],
  ['apr', 'avr', 'abr'],
  ['may', 'mai', 'mag', 'mei'],
  ['jun', 'juin', 'giu'],
  ['jul', 'juil', 'lug'],
  ['aug', 'aoû', 'aou', 'ago'],
  ['sep', 'set'],
  ['oct', 'okt', 'ott'],
  ['nov'],
  ['dec', 'dez', 'déc', 'dic'],
];

function monthNamed(written: string): number | undefined {
  const name = written.toLowerCase();
  const index = monthNames.findIndex((names) => names.some((one) => name.startsWith(one)));
  return index < 0 ? undefined : index + 1;
}

const markedDay = /(\p{L}{3,}) +(\d{1,2}) (?:\d\d:\d\d:\d\d )?(\d{4})$/u;

/** The day that a marker such as `--- Log opened Sat Oct 24 22:18:12 2026` or `--- Day changed Sun Oct 25 2026` ends with. */
export function readMarkedDay(line: string): WrittenDay | undefined {
  const [, month, day, year] = markedDay.exec(line.trimEnd()) ?? [];
  if (month === undefined || day === undefined || year === undefined) return undefined;
  return writtenDay({ year, month, day });
}
