import { createBoundedMap } from '../memory/bounded-map.ts';
import { stringBytes } from '../memory/string-bytes.ts';
import type { GroupSnapshot, SharedSnapshots, SnapshotReader } from '../ports/group-snapshots.ts';

export interface SharedSnapshotsOptions {
  readonly readModels: SnapshotReader;
  /** What is kept for those who have not asked yet takes at most this much, but for the newest one. */
  readonly capacityBytes?: number;
  /** For how long it is kept. */
  readonly keptMilliseconds?: number;
}

/** Some 60,000 members: what is looked at first of a few large groups, or of a page of an inbox. */
const defaultCapacityBytes = 16 * 1024 * 1024;
/** One request asks for a group's state and then for its counts, and who looks at a group marks what they read. */
const defaultKeptMilliseconds = 5_000;
/** Measured: a row without its stays, its id and its name, one stay, and what a snapshot takes without its members. */
const bytesPerMember = 170;
const bytesPerStay = 48;
const bytesPerEntry = 1_000;

interface Shared {
  /** No two have the same. */
  readonly number: number;
  readonly snapshot: Promise<GroupSnapshot | undefined>;
  readonly givenTo: Set<number>;
}

/**
 * A cold group is loaded by several at once: its state, its marks and its counts. The first one to ask has the snapshot
 * read, and the others are given the same one, while it is being read and shortly after. When everybody has had it, it is
 * let go. That a group is not there is told to those who wait for it, and not kept.
 */
export function createSharedSnapshots(options: SharedSnapshotsOptions): SharedSnapshots {
  const { readModels, capacityBytes = defaultCapacityBytes, keptMilliseconds = defaultKeptMilliseconds } = options;
  const groups = createBoundedMap<Shared>(capacityBytes);
  let readers = 0;
  let asked = 0;

  function letGo(groupId: string, shared: Shared): void {
    if (groups.peek(groupId) === shared) groups.delete(groupId);
  }

  /** Here, so that the timer holds a number and nothing of the snapshot, which may have to make room long before. */
  function letGoLater(groupId: string, number: number): void {
    setTimeout(() => {
      if (groups.peek(groupId)?.number === number) groups.delete(groupId);
    }, keptMilliseconds).unref();
  }

  async function keep(groupId: string, shared: Shared): Promise<void> {
    try {
      const snapshot = await shared.snapshot;
      if (groups.peek(groupId) !== shared) return;
      if (snapshot === undefined || shared.givenTo.size === readers) return letGo(groupId, shared);
      groups.weigh(groupId, bytesPerEntry + snapshotBytes(snapshot));
      letGoLater(groupId, shared.number);
    } catch {
      // Those who wait for it are told why.
      letGo(groupId, shared);
    }
  }

  return {
    reader() {
      const reader = readers;
      readers += 1;
      return {
        groupSnapshot(groupId) {
          const standing = groups.use(groupId);
          if (standing !== undefined && !standing.givenTo.has(reader)) {
            standing.givenTo.add(reader);
            if (standing.givenTo.size === readers) letGo(groupId, standing);
            return standing.snapshot;
          }
          asked += 1;
          const shared = { number: asked, snapshot: readModels.groupSnapshot(groupId), givenTo: new Set([reader]) };
          groups.set(groupId, shared, bytesPerEntry);
          void keep(groupId, shared);
          return shared.snapshot;
        },
      };
    },
    forgetAll() {
      for (const groupId of groups.keys()) groups.delete(groupId);
    },
    byteLength: () => groups.byteLength,
    size: () => groups.size,
  };
}

function snapshotBytes({ members }: GroupSnapshot): number {
  return members.reduce(
    (bytes, { userId, name, stays }) =>
      bytes + bytesPerMember + stays.length * bytesPerStay + stringBytes(userId) + stringBytes(name),
    0,
  );
}
