/** A server's clock is behind what has happened in a group. Moments are ISO 8601. */
export interface ClockBehind {
  readonly groupId: string;
  /** The server's. */
  readonly at: string;
  /** Of the group's latest event: what happens now is written with this moment. */
  readonly lastAt: string;
}

/** So far a group may be ahead of a server's clock without a word: clocks of several servers are never quite the same. */
const toleratedMilliseconds = 5 * 60_000;
/** One word in this time is enough: a clock that was wrong once was wrong in many groups. */
const quietMilliseconds = 60_000;

export type ClockWatch = (groupId: string, at: string, lastAt: string | undefined) => void;

/**
 * Tells where a group is far ahead of the clock, which keeps its moments from going on: they stand still until the clock
 * has come as far, be that years.
 */
export function createClockWatch(tell: (behind: ClockBehind) => void): ClockWatch {
  let toldAt = Number.NEGATIVE_INFINITY;
  return (groupId, at, lastAt) => {
    if (lastAt === undefined || lastAt <= at) return;
    const now = Date.parse(at);
    if (Date.parse(lastAt) - now <= toleratedMilliseconds || Math.abs(now - toldAt) < quietMilliseconds) return;
    toldAt = now;
    tell({ groupId, at, lastAt });
  };
}
