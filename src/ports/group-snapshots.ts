import type { Position } from './event-log.ts';
import type { GroupRow, MemberRow } from './rows.ts';

/** A group with all of its people, as of one moment: what a cold group starts from. */
export interface GroupSnapshot {
  readonly group: GroupRow;
  readonly members: readonly MemberRow[];
  /** The position these rows are exact at. */
  readonly position: Position;
}

/** One who folds the log on top of snapshots. */
export type SnapshotReader = Pick<GroupSnapshots, 'groupSnapshot'>;

/**
 * Several who fold the log on top of snapshots, and share them where they ask at nearly the same moment. A snapshot that is
 * a little older is as good as a new one to them: what came after it they fold themselves.
 */
export interface SharedSnapshots {
  /** One more of them. None is given the same snapshot twice: who asks again has found the first one wanting. */
  reader(): SnapshotReader;
  /** What is asked for from now on is read from now on. */
  forgetAll(): void;
  /** Bytes of what is kept. */
  byteLength(): number;
  /** Snapshots that are kept or being read. */
  size(): number;
}

/**
 * Groups as they stand, for whoever folds the log on top of that: commands and live counts. A row's versions say from
 * where. Throws ReadModelsUnavailable.
 */
export interface GroupSnapshots {
  /** Rows of those of these groups of which the first event is projected, in any order. */
  groups(groupIds: readonly string[]): Promise<readonly GroupRow[]>;
  /** Undefined where no event of the group is projected. All rows are exact at the snapshot's position. */
  groupSnapshot(groupId: string): Promise<GroupSnapshot | undefined>;
}
