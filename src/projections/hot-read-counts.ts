import { type DecodedRecord, decodeRecorded } from '../events/decode-recorded.ts';
import { groupStream, readsStream, type StreamName } from '../events/stream-name.ts';
import {
  type EventLog,
  noStream,
  type Position,
  type RecordedEvent,
  startOfLog,
  type Version,
} from '../ports/event-log.ts';
import type { ReadModels } from '../ports/read-models.ts';
import { type ChangedCounts, createReadCounts, type ReadCounts } from './read-counts.ts';

export interface HotReadCounts {
  /**
   * The group's counts, exact at `exactAt(groupId)`. A cold group is rebuilt from its members' marks and the tails of its
   * two streams, merged by position. Asked for again after every wait: a group that is let go is followed no longer.
   */
  of(groupId: string): Promise<ReadCounts>;
  /** Hands on the log's next event. Says which counts of a hot group it may have changed. */
  follow(recorded: RecordedEvent, decoded: DecodedRecord): ChangedCounts | undefined;
  /** How far this process has followed the log. */
  position(): Position;
  /** The position followed to, or that of the snapshot that the group was loaded from while that is still ahead of it. */
  exactAt(groupId: string): Position;
  /** Keeps a watched group hot until the returned function is called. */
  hold(groupId: string): () => void;
}

interface Followed {
  readonly recorded: RecordedEvent;
  readonly decoded: DecodedRecord;
}

interface Hot {
  counts: ReadCounts | undefined;
  loading: Promise<void> | undefined;
  /** What came by the feed while the group was loading. */
  arrived: Followed[];
  versions: { group: Version; reads: Version };
  snapshotPosition: Position;
  holds: number;
}

export interface HotReadCountsOptions {
  readonly log: EventLog;
  readonly readModels: Pick<ReadModels, 'groupSnapshot'>;
  /** Where the feed starts: the first event followed is the next one. */
  readonly startPosition: Position;
  /** All groups together hold about this much; the least recently asked for are let go first. */
  readonly capacityBytes?: number;
}

const pageSize = 1_000;
/** Loading a group evicts others; what growing ones have come to is looked at this often. */
const defaultCapacityBytes = 512 * 1024 * 1024;

export function createHotReadCounts(options: HotReadCountsOptions): HotReadCounts {
  const { log, readModels, startPosition, capacityBytes = defaultCapacityBytes } = options;
  // In the order of their last use.
  const groups = new Map<string, Hot>();
  let followedTo = startPosition;

  function touch(groupId: string): Hot {
    const hot = groups.get(groupId) ?? {
      counts: undefined,
      loading: undefined,
      arrived: [],
      versions: { group: noStream, reads: noStream },
      snapshotPosition: startOfLog,
      holds: 0,
    };
    groups.delete(groupId);
    groups.set(groupId, hot);
    return hot;
  }

  /**
   * Everything up to where the feed stood when loading began is in the snapshot or in the tails; everything later comes
   * by the feed. A snapshot that is ahead of the feed is met by versions: what it holds is not applied again.
   */
  async function load(groupId: string, hot: Hot): Promise<void> {
    const upTo = followedTo;
    try {
      const snapshot = await readModels.groupSnapshot(groupId);
      const counts = createReadCounts(
        snapshot === undefined ? undefined : { members: snapshot.members, lastSeq: snapshot.group.lastSeq },
      );
      hot.versions = { group: snapshot?.group.version ?? noStream, reads: snapshot?.group.readsVersion ?? noStream };
      hot.snapshotPosition = snapshot?.position ?? startOfLog;
      // A snapshot that has passed the feed holds all of it: then the log need not be asked, nor be there.
      const tails =
        hot.snapshotPosition >= upTo
          ? []
          : await Promise.all([
              readTail(groupStream(groupId), hot.versions.group, upTo),
              readTail(readsStream(groupId), hot.versions.reads, upTo),
            ]);
      const merged = tails.flat().sort((a, b) => a.position - b.position);
      for (const recorded of merged) applyNext(hot, counts, { recorded, decoded: decodeRecorded(recorded) });
      for (const followed of hot.arrived) applyNext(hot, counts, followed);
      hot.counts = counts;
    } catch (error) {
      if (hot.holds === 0) groups.delete(groupId);
      throw error;
    } finally {
      hot.arrived = [];
      hot.loading = undefined;
    }
    evict(hot);
  }

  async function readTail(streamName: StreamName, after: Version, upTo: Position): Promise<readonly RecordedEvent[]> {
    const tail: RecordedEvent[] = [];
    for (;;) {
      const page = await log.readStream(streamName, after + 1 + tail.length, pageSize);
      const wanted = page.filter(({ position }) => position <= upTo);
      tail.push(...wanted);
      if (wanted.length < pageSize) return tail;
    }
  }

  function evict(keep: Hot): void {
    let bytes = 0;
    for (const { counts } of groups.values()) bytes += counts?.byteLength() ?? 0;
    for (const [groupId, hot] of groups) {
      if (bytes <= capacityBytes) return;
      if (hot === keep || hot.holds > 0 || hot.counts === undefined) continue;
      bytes -= hot.counts.byteLength();
      groups.delete(groupId);
    }
  }

  return {
    async of(groupId) {
      const hot = touch(groupId);
      if (hot.counts === undefined) {
        hot.loading ??= load(groupId, hot);
        await hot.loading;
      }
      if (hot.counts === undefined) throw new Error(`the read counts of group ${groupId} did not load`);
      return hot.counts;
    },
    follow(recorded, decoded) {
      followedTo = recorded.position;
      const hot = groups.get(decoded.groupId);
      if (hot === undefined) return undefined;
      if (hot.counts !== undefined) return applyNext(hot, hot.counts, { recorded, decoded });
      if (hot.loading !== undefined) hot.arrived.push({ recorded, decoded });
      return undefined;
    },
    position: () => followedTo,
    exactAt: (groupId) => Math.max(followedTo, groups.get(groupId)?.snapshotPosition ?? followedTo),
    hold(groupId) {
      const hot = touch(groupId);
      hot.holds += 1;
      return () => {
        hot.holds -= 1;
        if (hot.holds === 0 && hot.counts === undefined && hot.loading === undefined) groups.delete(groupId);
      };
    },
  };
}

function applyNext(hot: Hot, counts: ReadCounts, { recorded, decoded }: Followed): ChangedCounts | undefined {
  const { family } = decoded;
  if (family === 'imports') return undefined;
  if (recorded.version <= hot.versions[family]) return undefined;
  hot.versions[family] = recorded.version;
  return counts.apply(decoded.event);
}
