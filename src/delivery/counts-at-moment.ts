import { LogUnavailable } from '../ports/event-log.ts';
import type { ReadMoment } from '../ports/read-moment.ts';
import type { CountsNow } from '../projections/counts-now.ts';
import type { HotReadCounts } from '../projections/hot-read-counts.ts';
import { createReadCounts } from '../projections/read-counts.ts';
import type { LiveFeed } from './live-feed.ts';

export interface CountsAtMomentOptions {
  readonly counts: Pick<HotReadCounts, 'at'>;
  readonly feed: Pick<LiveFeed, 'reached' | 'isFollowing'>;
}

/** The feed is on its way to what is projected already, and further at most by this. */
const patienceMilliseconds = 500;

/**
 * A group's counts as of a moment of the rows: the live ones, with what came later taken back. Where they have not come as
 * far they are waited for, if the log is there at all; where they no longer know what came later one by one, or cannot be
 * had, everybody's marks are read as of the moment and counted. Either way they are exact, and to be asked at once.
 */
export function countsAtMoment(
  { counts, feed }: CountsAtMomentOptions,
  moment: Pick<ReadMoment, 'position' | 'groupSnapshot'>,
): (groupId: string) => Promise<CountsNow> {
  const counted = new Map<string, Promise<CountsNow>>();

  async function liveCounts(groupId: string): Promise<CountsNow | undefined> {
    try {
      if (feed.isFollowing()) await feed.reached(moment.position, patienceMilliseconds);
      return await counts.at(groupId, moment.position);
    } catch (error) {
      if (!(error instanceof LogUnavailable)) throw error;
      return undefined;
    }
  }

  async function count(groupId: string): Promise<CountsNow> {
    const snapshot = await moment.groupSnapshot(groupId);
    return createReadCounts(snapshot && { ...snapshot, lastSeq: snapshot.group.lastSeq });
  }

  return async (groupId) => {
    const known = counted.get(groupId);
    if (known !== undefined) return known;
    const live = await liveCounts(groupId);
    if (live !== undefined) return live;
    const counting = counted.get(groupId) ?? count(groupId);
    counted.set(groupId, counting);
    return counting;
  };
}
