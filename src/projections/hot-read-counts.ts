import type { DecodedRecord } from '../events/decode-recorded.ts';
import { createBoundedMap } from '../memory/bounded-map.ts';
import {
  type EventLog,
  LogUnavailable,
  noStream,
  type Position,
  type RecordedEvent,
  startOfLog,
} from '../ports/event-log.ts';
import type { SnapshotReader } from '../ports/group-snapshots.ts';
import { createHaltedGroups, type HaltedGroups } from '../ports/halted-groups.ts';
import type { CountsNow } from './counts-now.ts';
import { readTails } from './group-tails.ts';
import { applyOnce, emptyEntry, type Hot, isCaughtUp, nextVersion } from './hot-group.ts';
import { type ChangedCounts, createReadCounts, type ReadCounts } from './read-counts.ts';

export interface HotReadCounts {
  /**
   * The group's counts, exact at `exactAt(groupId)`. A cold group is rebuilt from its members' marks and the tails of its
   * two streams, merged by position. Asked for again after every wait: a group that is let go is followed no longer.
   * Throws GroupHalted where the group is.
   */
  of(groupId: string): Promise<ReadCounts>;
  /**
   * The group's counts as they were at a position, to be asked at once, before any wait. Undefined where this process has
   * not followed the log as far, and where what came after it is no longer known one by one. Throws like `of`.
   */
  at(groupId: string, position: Position): Promise<CountsNow | undefined>;
  /** Hands on the log's next event. Says which counts of a hot group it may have changed. */
  follow(recorded: RecordedEvent, decoded: DecodedRecord): ChangedCounts | undefined;
  /** An event has come by that counts nothing, for its group is halted. */
  skip(recorded: RecordedEvent): void;
  /** How far this process has followed the log. */
  position(): Position;
  /** The position followed to, or that of the snapshot that the group was loaded from while that is still ahead of it. */
  exactAt(groupId: string): Position;
  /** Keeps a watched group hot until the returned function is called. */
  hold(groupId: string): () => void;
  /**
   * Lets go of every group, as when the read models that they were counted from are replaced. Those held are counted anew
   * when they are next asked for, and until then any event may have changed them.
   */
  forgetAll(): void;
  /** Bytes of all groups. */
  byteLength(): number;
  /** Groups in memory, those that are loading included. */
  size(): number;
}

export interface HotReadCountsOptions {
  readonly log: EventLog;
  readonly readModels: SnapshotReader;
  readonly halted?: HaltedGroups;
  /** Where the feed starts: the first event followed is the next one. */
  readonly startPosition: Position;
  /** All groups together take at most this much, but for those held; the least recently asked for are let go first. */
  readonly capacityBytes?: number;
}

/** Some 300,000 members, or 10 million messages: typed arrays lie beside the heap. */
const defaultCapacityBytes = 128 * 1024 * 1024;
/** So many events of the feed are kept for a group that is loading; past it the log is read again. */
const maximumArrived = 100;
/** A group whose streams cannot be read as far as they were followed, as often as this, is given up. */
const maximumAttempts = 10;
/** What may have changed is not known. */
const anything: ChangedCounts = { after: 0, upTo: Number.MAX_SAFE_INTEGER };
/** Measured: an entry without its counts. */
const bytesPerEntry = 450;

export function createHotReadCounts(options: HotReadCountsOptions): HotReadCounts {
  const { log, readModels, startPosition, capacityBytes = defaultCapacityBytes } = options;
  const { halted = createHaltedGroups() } = options;
  const groups = createBoundedMap<Hot>(capacityBytes);
  let followedTo = startPosition;

  function touch(groupId: string): Hot {
    const standing = groups.use(groupId);
    if (standing !== undefined) return standing;
    const hot = emptyEntry();
    groups.set(groupId, hot, bytesPerEntry);
    return hot;
  }

  /** Who holds the group holds whatever is loaded next. */
  function forget(groupId: string): void {
    if (groups.isPinned(groupId)) groups.set(groupId, emptyEntry(), bytesPerEntry);
    else groups.delete(groupId);
  }

  function hold(groupId: string): () => void {
    touch(groupId);
    const release = groups.pin(groupId);
    return () => {
      release();
      const hot = groups.peek(groupId);
      // Nothing is kept of one that did not load. A group without an event stays until others need its room: whoever has
      // just asked for it is handed its counts a moment later, and its first event may come by before.
      const isMissing = hot?.loading === undefined && hot?.counts === undefined;
      if (isMissing && !groups.isPinned(groupId)) groups.delete(groupId);
    };
  }

  async function load(groupId: string, hot: Hot): Promise<ReadCounts | undefined> {
    const release = hold(groupId);
    try {
      const counts = await count(groupId, hot);
      halted.require(groupId);
      if (groups.peek(groupId) !== hot) return undefined;
      groups.weigh(groupId, bytesPerEntry + counts.byteLength());
      return counts;
    } finally {
      hot.arrived = undefined;
      hot.loading = undefined;
      release();
    }
  }

  /**
   * Everything up to where the feed stood when loading began is in the snapshot or in the tails; everything later comes
   * by the feed. A snapshot that is ahead of the feed is met by versions: what it holds is not applied again.
   */
  async function count(groupId: string, hot: Hot): Promise<ReadCounts> {
    hot.arrived = [];
    let upTo = followedTo;
    const snapshot = await readModels.groupSnapshot(groupId);
    const counts = createReadCounts(
      snapshot === undefined ? undefined : { ...snapshot, lastSeq: snapshot.group.lastSeq },
    );
    hot.versions = { group: snapshot?.group.version ?? noStream, reads: snapshot?.group.readsVersion ?? noStream };
    hot.snapshotPosition = snapshot?.position ?? startOfLog;
    for (let attempt = 1; attempt <= maximumAttempts; attempt += 1) {
      const before = { ...hot.versions };
      // A snapshot that has passed the feed holds all of it: then the log need not be asked, nor be there.
      if (hot.snapshotPosition < upTo) await applyTails(groupId, hot, counts, upTo);
      for (const followed of hot.arrived ?? []) {
        // What is missing before it is looked for in the log: the two streams are counted in the log's order.
        if (followed.recorded.version > nextVersion(hot, followed)) break;
        halted.fold(followed.recorded, (decoded) => applyOnce(hot, counts, { ...followed, decoded }));
      }
      if (isCaughtUp(hot)) {
        // At once: what comes by the feed from here on is for the counts themselves.
        hot.counts = counts;
        return counts;
      }
      if (before.group !== hot.versions.group || before.reads !== hot.versions.reads) attempt = 0;
      hot.arrived = [];
      upTo = followedTo;
    }
    throw new LogUnavailable(`the streams of group ${groupId} cannot be read as far as they were followed`);
  }

  async function applyTails(groupId: string, hot: Hot, counts: ReadCounts, upTo: Position): Promise<void> {
    const tails = await readTails(log, groupId, hot.versions, upTo);
    for (const recorded of tails) halted.fold(recorded, (decoded) => applyOnce(hot, counts, { recorded, decoded }));
  }

  // Half a fold may be in them, and what comes meanwhile is not.
  halted.watch((groupId) => {
    if (groups.peek(groupId) !== undefined) forget(groupId);
  });

  async function of(groupId: string): Promise<ReadCounts> {
    for (let attempt = 1; attempt <= maximumAttempts; attempt += 1) {
      halted.require(groupId);
      const hot = touch(groupId);
      if (hot.counts !== undefined) return hot.counts;
      hot.loading ??= load(groupId, hot);
      const counts = await hot.loading;
      if (counts !== undefined) return counts;
    }
    throw new LogUnavailable(`group ${groupId} was forgotten as often as it was counted`);
  }

  const exactAt = (groupId: string): Position =>
    Math.max(followedTo, groups.peek(groupId)?.snapshotPosition ?? followedTo);

  return {
    of,
    async at(groupId, position) {
      const counts = await of(groupId);
      return position > exactAt(groupId) ? undefined : counts.asOf(position);
    },
    skip: ({ position }) => {
      followedTo = position;
    },
    follow(recorded, decoded) {
      const position = followedTo;
      followedTo = recorded.position;
      const { family, groupId } = decoded;
      const hot = groups.peek(groupId);
      if (hot === undefined || family === 'imports') return undefined;
      hot.followed[family] = recorded.version;
      const followed = { recorded, decoded };
      if (hot.counts === undefined) {
        if (hot.arrived?.push(followed) === maximumArrived) hot.arrived = undefined;
        // Who holds a group that was let go is to ask for it again.
        return anything;
      }
      if (recorded.version === nextVersion(hot, followed)) {
        const changed = applyOnce(hot, hot.counts, followed);
        groups.weigh(groupId, bytesPerEntry + hot.counts.byteLength());
        return changed;
      }
      const isKnown = recorded.version <= hot.versions[family];
      if (isKnown && recorded.position <= Math.max(position, hot.snapshotPosition)) return undefined;
      // Neither the next one nor one that was counted: another log's, restored beneath this process.
      const changed = { after: 0, upTo: hot.counts.lastSeq() };
      forget(groupId);
      return changed;
    },
    position: () => followedTo,
    exactAt,
    hold,
    forgetAll() {
      for (const groupId of groups.keys()) forget(groupId);
    },
    byteLength: () => groups.byteLength,
    size: () => groups.size,
  };
}
