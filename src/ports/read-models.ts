import type { Change } from './changes.ts';
import type { Position } from './event-log.ts';
import type { GroupSnapshot, GroupSnapshots } from './group-snapshots.ts';
import type { MessageMemory } from './message-memory.ts';
import type { MessagePages, PeoplePages } from './pages.ts';
import type { ProjectionProgress } from './projection-progress.ts';
import type { GroupEnd, HaltedGroup, ReadCountRange } from './rows.ts';

// For those who write the rows: they name most of them.
export * from './group-snapshots.ts';
export * from './read-model-faults.ts';
export * from './rows.ts';

/** All that an adapter answers to readers; whoever reads names the part that they need. */
export interface ReadModels extends ProjectionProgress, GroupSnapshots, MessageMemory, PeoplePages, MessagePages {
  close(): Promise<void>;
}

/**
 * The one writer of read models. Throws ReadModelsUnavailable for what passes, ReadModelsCorrupt for what does not, and
 * LeaseLost where several processes may become the writer and another has.
 */
export interface ReadModelWriter {
  checkpoint(): Promise<Position>;
  /** Applies the changes in order, then the checkpoint: together, or so that the batch may be applied again. */
  apply(changes: readonly Change[], checkpoint: Position): Promise<void>;
  /** Replaces a group's aggregated counts, unless those stored are exact at a later position. */
  storeReadCounts(groupId: string, position: Position, ranges: readonly ReadCountRange[]): Promise<void>;
  /** What everything applied so far says of a group, exact at the checkpoint. */
  groupSnapshot(groupId: string): Promise<GroupSnapshot | undefined>;
  /** Those of these groups of which anything was applied, halted or not, in any order. */
  groupEnds(groupIds: readonly string[]): Promise<readonly GroupEnd[]>;
  /** Groups by id, ascending, of which a message or a mark was applied after their counts were last stored. */
  groupsToCount(afterGroupId: string | undefined, limit: number): Promise<readonly string[]>;
  haltedGroups(): Promise<readonly HaltedGroup[]>;
  close(): Promise<void>;
}
