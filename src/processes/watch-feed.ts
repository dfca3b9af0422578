import type { LiveFeed } from '../delivery/live-feed.ts';

const checkMilliseconds = 1_000;
/** A feed that is begun again at once is back before this, and its subscribers have missed nothing. */
export const usualAwayMilliseconds = 5_000;

/**
 * Calls `onAway` when the feed has not followed the log for so long, and again each time that it has been as long
 * without. Until then those who listen to it hear nothing, and do not know. What it throws is handed to `onDefect`. Returns what
 * stops it.
 */
export function watchFeed(
  feed: Pick<LiveFeed, 'isFollowing'>,
  onAway: () => void,
  awayMilliseconds: number,
  onDefect: (error: unknown) => void,
): () => void {
  let lastThere = performance.now();
  const timer = setInterval(
    () => {
      if (!feed.isFollowing() && performance.now() - lastThere < awayMilliseconds) return;
      const isAway = !feed.isFollowing();
      lastThere = performance.now();
      try {
        if (isAway) onAway();
      } catch (error) {
        // Thrown in a timer, it would end the process.
        onDefect(error);
      }
    },
    Math.min(checkMilliseconds, awayMilliseconds),
  );
  timer.unref();
  return () => clearInterval(timer);
}
