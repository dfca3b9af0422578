/** Who is asking, from a token whose signature and expiry were checked. The only source of an actor. */
export interface Viewer {
  readonly userId: string;
  readonly name: string;
  /** Milliseconds since 1970. Nothing is delivered after it. */
  readonly expiresAt: number;
}

/** The longest that a timer can wait: some 25 days, and a token may live longer. */
const longestTimerMilliseconds = 2 ** 31 - 1;

/**
 * Calls `expired` once, when the viewer's token is no longer valid by `now()` (milliseconds since 1970), unless the
 * returned function is called before. Its timers keep no process alive.
 */
export function atExpiry(viewer: Viewer, now: () => number, expired: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const look = () => (viewer.expiresAt <= now() ? expired() : wait());
    timer = setTimeout(look, Math.min(viewer.expiresAt - now(), longestTimerMilliseconds)).unref();
  };
  wait();
  return () => clearTimeout(timer);
}
