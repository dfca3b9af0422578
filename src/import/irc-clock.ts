/** The milliseconds of a minute and of the half-day by which a 12-hour clock is wrong. */
const minuteMilliseconds = 60_000;
const halfDayMinutes = 720;
/** A clock that goes back by less is jitter, such as a server's that was set right. */
const wrapMinutes = 60;

export interface IrcClock {
  /** The moment of the next line, in milliseconds since 1970, given the minute that it shows, if it shows any. */
  next(minute: number | undefined): number;
}

/**
 * Gives every line of one day's log a moment of its own. Logs tell minutes only, some on a 12-hour clock, and joins and
 * leaves have no time at all:
 *
 * - a clock that goes back by an hour or more has wrapped: that line and all after it are half a day later (a whole day,
 *   where the log goes on beyond midnight);
 * - one that goes back by less is held at the latest time that was seen;
 * - a line without a time is of the last minute seen; before the first time of the file, of that first one;
 * - the lines of one minute follow each other by a millisecond.
 *
 * So moments ascend strictly, and are a function of the file alone. (Strictly up to 60,000 lines a minute.)
 *
 * @param day midnight of the log's day, in milliseconds since 1970, UTC
 * @param firstMinute the first minute that the file shows
 */
export function createIrcClock(day: number, firstMinute: number): IrcClock {
  let latest = firstMinute;
  let offset = 0;
  let lineInMinute = 0;

  return {
    next(minute) {
      if (minute !== undefined) {
        while (minute + offset <= latest - wrapMinutes) offset += halfDayMinutes;
        if (minute + offset > latest) {
          latest = minute + offset;
          lineInMinute = 0;
        }
      }
      const milliseconds = Math.min(lineInMinute, minuteMilliseconds - 1);
      lineInMinute += 1;
      return day + latest * minuteMilliseconds + milliseconds;
    },
  };
}
