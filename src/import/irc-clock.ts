import type { LineTime, WrittenDay } from './irc-stamp.ts';

const secondMilliseconds = 1_000;
const hourSeconds = 3_600;
const halfDaySeconds = 12 * hourSeconds;
/** A 12-hour clock that goes back by so much has wrapped. By less, it is jitter, or the end of summer time. */
const wrapOfHalfDay = 3 * hourSeconds;

export interface IrcClockOptions {
  /** The IANA name of the zone in which the log's clock stood. */
  readonly zone: string;
  /** The day of the first line, where it is known without the lines. */
  readonly day?: Required<WrittenDay> | undefined;
  /** Some of these logs were written by a 12-hour clock. */
  readonly mayBeTwelveHours: boolean;
  /** The moment of the first line that shows a time: lines before it are of that moment. */
  readonly begin?: number | undefined;
}

export interface IrcClock {
  /** The moment of the next line, in milliseconds since 1970; undefined as long as nothing tells it. */
  next(time: LineTime | undefined): number | undefined;
}

/**
 * Gives every line of a log a moment of its own, from what the lines show, which is often no more than minutes:
 *
 * - a line that names its zone says its moment; any other shows what a clock in `zone` showed;
 * - an hour that comes twice, at the end of summer time, is the first one until the clock goes back, and then the second;
 *   an hour that is left out is never shown;
 * - a clock that goes back by half a day or more, without a word of another day, has passed midnight. One of 12 hours that
 *   goes back by three hours or more is half a day later;
 * - a line that is still earlier than the one before is put right after it, and so is a line that shows no time;
 * - the lines of one minute, or second, follow each other by a millisecond.
 *
 * So moments ascend strictly, and are a function of the file, its day and the zone alone.
 */
export function createIrcClock({ zone, day, mayBeTwelveHours, begin }: IrcClockOptions): IrcClock {
  const wrap = mayBeTwelveHours ? wrapOfHalfDay : halfDaySeconds;
  const step = mayBeTwelveHours ? halfDaySeconds : 2 * halfDaySeconds;
  const toInstant = createZone(zone);
  let today = day && Temporal.PlainDate.from(day);
  let shift = 0;
  let shown = Number.NEGATIVE_INFINITY;
  let latest = begin === undefined ? Number.NEGATIVE_INFINITY : begin - 1;

  function turnTo({ year, month, day: ofMonth }: WrittenDay): void {
    const next = dayAfter(today, { year, month, day: ofMonth });
    if (next === undefined || (today !== undefined && next.equals(today) && shift === 0)) return;
    today = next;
    shift = 0;
    shown = Number.NEGATIVE_INFINITY;
  }

  function momentOf(seconds: number): number | undefined {
    if (today === undefined) return undefined;
    while (seconds + shift <= shown - wrap) shift += step;
    shown = Math.max(shown, seconds + shift);
    return toInstant(today, seconds + shift, latest);
  }

  return {
    next(time) {
      if (time !== undefined && time.kind !== 'instant' && time.day !== undefined) turnTo(time.day);
      const moment =
        time?.kind === 'instant' ? time.milliseconds : time?.kind === 'wall' ? momentOf(time.seconds) : undefined;
      if (moment === undefined && latest === Number.NEGATIVE_INFINITY) return undefined;
      latest = Math.max(moment ?? latest, latest + 1);
      return latest;
    },
  };
}

/** The day that is meant: without a year it is of the same year as the one before, or of the next, from December on. */
function dayAfter(
  before: Temporal.PlainDate | undefined,
  { year, month, day }: WrittenDay,
): Temporal.PlainDate | undefined {
  if (year !== undefined) return Temporal.PlainDate.from({ year, month, day });
  if (before === undefined) return undefined;
  const isNextYear = before.month - month > 6;
  return Temporal.PlainDate.from({ year: before.year + (isNextYear ? 1 : 0), month, day });
}

/** What the clocks of a zone show, as moments. Zones change on the hour, so each hour is looked up once. */
function createZone(zone: string) {
  let known: { readonly key: string; readonly first: number; readonly second: number } | undefined;

  function hourOf(day: Temporal.PlainDate, hour: number) {
    const key = `${day.toString()} ${hour}`;
    if (known?.key === key) return known;
    const { year, month, day: ofMonth } = day.add({ days: Math.floor(hour / 24) });
    const written = Temporal.PlainDateTime.from({ year, month, day: ofMonth, hour: hour % 24 });
    const [first, second] = (['compatible', 'later'] as const).map(
      (disambiguation) => written.toZonedDateTime(zone, { disambiguation }).epochMilliseconds,
    ) as [number, number];
    known = { key, first, second };
    return known;
  }

  return (day: Temporal.PlainDate, seconds: number, after: number): number => {
    const hour = Math.floor(seconds / hourSeconds);
    const { first, second } = hourOf(day, hour);
    const within = (seconds - hour * hourSeconds) * secondMilliseconds;
    // A clock that only jitters goes back by less than a minute: that is no second time of the hour.
    return first + within < after - jitterMilliseconds ? second + within : first + within;
  };
}

const jitterMilliseconds = 60_000;
