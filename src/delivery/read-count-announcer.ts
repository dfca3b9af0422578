import type { Position } from '../ports/event-log.ts';
import type { ReadCountRange } from '../ports/read-models.ts';
import type { HotReadCounts } from '../projections/hot-read-counts.ts';
import type { ReadCounts } from '../projections/read-counts.ts';
import type { LiveFeed } from './live-feed.ts';

/** The exact counts of a group's newest messages, as of one position of the log. */
export interface ReadCountsAnnouncement {
  readonly groupId: string;
  readonly asOf: Position;
  readonly ranges: readonly ReadCountRange[];
}

export interface ReadCountAnnouncer {
  /**
   * Announces the counts now, and again whenever they have changed, until the returned function is called. Changes are
   * coalesced per group: exact numbers, seldom, never one per receipt. All watchers of a group get the same object.
   */
  watch(groupId: string, listener: (announcement: ReadCountsAnnouncement) => void): Promise<() => void>;
}

export const announcedMessages = 200;
const shortestMilliseconds = 100;
const longestMilliseconds = 30_000;
/** The interval grows by a millisecond for each so many of watchers × changes in the interval before. */
const watchersTimesChangesPerMillisecond = 50_000;

interface Watched {
  readonly listeners: Set<(announcement: ReadCountsAnnouncement) => void>;
  timer: NodeJS.Timeout | undefined;
  /** Since the last announcement, and in the interval before it. */
  changes: number;
  changesBefore: number;
  stopFollowing: () => void;
}

export function createReadCountAnnouncer(feed: LiveFeed, counts: HotReadCounts): ReadCountAnnouncer {
  const groups = new Map<string, Watched>();

  const announcement = (groupId: string, of: ReadCounts): ReadCountsAnnouncement => ({
    groupId,
    asOf: counts.exactAt(groupId),
    ranges: newestRanges(of),
  });

  async function announce(groupId: string, watched: Watched): Promise<void> {
    watched.timer = undefined;
    watched.changesBefore = watched.changes;
    watched.changes = 0;
    const news = announcement(groupId, await counts.of(groupId));
    for (const listener of watched.listeners) listener(news);
  }

  function start(groupId: string): Watched {
    const watched: Watched = {
      listeners: new Set(),
      timer: undefined,
      changes: 0,
      changesBefore: 0,
      stopFollowing: () => {},
    };
    const release = counts.hold(groupId);
    const unwatch = feed.watchGroup(groupId, ({ changedCounts }) => {
      if (changedCounts === undefined) return;
      watched.changes += 1;
      if (watched.timer !== undefined) return;
      const load = (watched.listeners.size * watched.changesBefore) / watchersTimesChangesPerMillisecond;
      const milliseconds = Math.min(longestMilliseconds, shortestMilliseconds + load);
      // A group whose counts cannot be told is reported by whoever asks for them; here there is nobody to tell.
      watched.timer = setTimeout(() => void announce(groupId, watched).catch(() => {}), milliseconds);
    });
    watched.stopFollowing = () => {
      clearTimeout(watched.timer);
      unwatch();
      release();
    };
    groups.set(groupId, watched);
    return watched;
  }

  return {
    async watch(groupId, listener) {
      const watched = groups.get(groupId) ?? start(groupId);
      watched.listeners.add(listener);
      const stop = () => {
        watched.listeners.delete(listener);
        if (watched.listeners.size > 0 || groups.get(groupId) !== watched) return;
        groups.delete(groupId);
        watched.stopFollowing();
      };
      try {
        listener(announcement(groupId, await counts.of(groupId)));
      } catch (error) {
        stop();
        throw error;
      }
      return stop;
    },
  };
}

/** The newest messages' counts, neighbours with the same count taken together, oldest first. */
export function newestRanges(counts: ReadCounts): readonly ReadCountRange[] {
  const ranges: { fromSeq: number; toSeq: number; readCount: number }[] = [];
  const lastSeq = counts.lastSeq();
  for (let seq = Math.max(1, lastSeq - announcedMessages + 1); seq <= lastSeq; seq += 1) {
    const readCount = counts.readCount(seq);
    const last = ranges.at(-1);
    if (last?.readCount === readCount) last.toSeq = seq;
    else ranges.push({ fromSeq: seq, toSeq: seq, readCount });
  }
  return ranges;
}
