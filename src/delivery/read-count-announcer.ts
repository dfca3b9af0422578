import type { Position } from '../ports/event-log.ts';
import type { ReadCountRange } from '../ports/rows.ts';
import type { HotReadCounts } from '../projections/hot-read-counts.ts';
import type { ReadCounts } from '../projections/read-counts.ts';
import { createFeedListeners, type FeedListener } from './feed-listeners.ts';
import type { LiveFeed } from './live-feed.ts';

/** The exact counts of a group's newest messages, as of one position of the log. */
export interface ReadCountsAnnouncement {
  readonly groupId: string;
  readonly asOf: Position;
  readonly ranges: readonly ReadCountRange[];
}

export interface ReadCountAnnouncer {
  /** The counts now. Rejects with what the stores throw. */
  announcement(groupId: string): Promise<ReadCountsAnnouncement>;
  /**
   * Announces the counts whenever they have changed, until the returned function is called. Changes are coalesced per
   * group: exact numbers, seldom, never one per receipt. All watchers of a group get the same object. Where they cannot be
   * told now, they are told later; where the group is halted, its watchers are told why.
   */
  watch(groupId: string, listener: FeedListener<ReadCountsAnnouncement>): () => void;
}

export const announcedMessages = 200;
const shortestMilliseconds = 100;
const longestMilliseconds = 30_000;
/** The interval grows by a millisecond for each so many of watchers × changes in the interval before. */
const watchersTimesChangesPerMillisecond = 50_000;

interface Watched {
  /** How many watch. */
  watchers: number;
  timer: NodeJS.Timeout | undefined;
  /** Since the last announcement, and in the interval before it. */
  changes: number;
  changesBefore: number;
  readonly stopFollowing: () => void;
}

export function createReadCountAnnouncer(
  feed: Pick<LiveFeed, 'watch'>,
  counts: Pick<HotReadCounts, 'of' | 'exactAt' | 'hold'>,
): ReadCountAnnouncer {
  const groups = new Map<string, Watched>();
  const listeners = createFeedListeners<ReadCountsAnnouncement>();

  async function announcement(groupId: string): Promise<ReadCountsAnnouncement> {
    const of = await counts.of(groupId);
    return { groupId, asOf: counts.exactAt(groupId), ranges: newestRanges(of) };
  }

  function schedule(groupId: string, watched: Watched): void {
    if (watched.timer !== undefined) return;
    const load = (watched.watchers * watched.changesBefore) / watchersTimesChangesPerMillisecond;
    const milliseconds = Math.min(longestMilliseconds, shortestMilliseconds + load);
    watched.timer = setTimeout(() => {
      watched.timer = undefined;
      watched.changesBefore = watched.changes;
      watched.changes = 0;
      announcement(groupId).then(
        (news) => listeners.tell(groupId, news),
        // A store is away: it is tried again for as long as somebody watches.
        () => groups.get(groupId) === watched && schedule(groupId, watched),
      );
    }, milliseconds);
  }

  function follow(groupId: string): Watched {
    const release = counts.hold(groupId);
    const unwatch = feed.watch('counts', groupId, {
      hear() {
        watched.changes += 1;
        schedule(groupId, watched);
      },
      fail: (error) => listeners.failAll(groupId, error),
    });
    const stopFollowing = () => {
      clearTimeout(watched.timer);
      unwatch();
      release();
    };
    const watched: Watched = { watchers: 0, timer: undefined, changes: 0, changesBefore: 0, stopFollowing };
    groups.set(groupId, watched);
    return watched;
  }

  return {
    announcement,
    watch(groupId, listener) {
      const watched = groups.get(groupId) ?? follow(groupId);
      watched.watchers += 1;
      const remove = listeners.add(groupId, listener);
      let isWatching = true;
      return () => {
        if (!isWatching) return;
        isWatching = false;
        remove();
        watched.watchers -= 1;
        if (watched.watchers > 0) return;
        groups.delete(groupId);
        watched.stopFollowing();
      };
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
