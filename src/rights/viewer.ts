/** Who is asking, from a token whose signature and expiry were checked. The only source of an actor. */
export interface Viewer {
  readonly userId: string;
  readonly name: string;
  /** Milliseconds since 1970. Nothing is delivered after it. */
  readonly expiresAt: number;
}

/** The longest that a timer can wait; what would be later happens then. */
const longestTimerMilliseconds = 2 ** 31 - 1;

/** Calls `expired` when the viewer's token is no longer valid. The timer keeps no process alive. */
export function atExpiry(viewer: Viewer, now: number, expired: () => void): NodeJS.Timeout {
  return setTimeout(expired, Math.min(viewer.expiresAt - now, longestTimerMilliseconds)).unref();
}
