import { importsStream, readsStream, type StreamName } from '../events/stream-name.ts';
import { type EventLog, noStream, type Position, startOfLog, type Version } from '../ports/event-log.ts';
import type { GroupSnapshots } from '../ports/group-snapshots.ts';
import type { HaltedGroups } from '../ports/halted-groups.ts';
import type { ProjectionProgress } from '../ports/projection-progress.ts';
import { ReadModelsUnavailable } from '../ports/read-model-faults.ts';

export interface WholeGroups {
  /**
   * Throws GroupHalted where the group is halted, also by an event of before this process began to follow the log. At once
   * where that is known, and otherwise it resolves once the group's streams have been looked at.
   */
  require(groupId: string): Promise<void> | undefined;
  /** Learns anew which groups the read models say are halted. Throws ReadModelsUnavailable. */
  refresh(): Promise<void>;
}

export interface WholeGroupsOptions {
  readonly log: Pick<EventLog, 'readStream'>;
  readonly readModels: ProjectionProgress & Pick<GroupSnapshots, 'groups'>;
  readonly halted: HaltedGroups;
  /** Where the live feed starts: what comes after it is followed. */
  readonly startPosition: Position;
}

const pageSize = 1_000;
/** Groups that were looked at; past it they are looked at again. */
const maximumLookedAt = 50_000;

/**
 * The read models tell of every group that was halted before this process started, once they have come as far as the log was
 * then. Until they have, a projector may be behind what others must not go beyond: so the streams that nobody folds to
 * decide on the group are read beyond the rows.
 */
export function createWholeGroups({ log, readModels, halted, startPosition }: WholeGroupsOptions): WholeGroups {
  const lookedAt = new Set<string>();
  // In a log that held nothing, nothing was halted.
  let isComplete = startPosition === startOfLog;

  async function refresh(): Promise<void> {
    const checkpoint = await readModels.checkpoint();
    isComplete ||= checkpoint >= startPosition;
    halted.learn(await readModels.haltedGroups(), checkpoint >= startPosition);
  }

  async function readOn(streamName: StreamName, after: Version): Promise<void> {
    for (let from = after + 1; ; from += pageSize) {
      const page = await log.readStream(streamName, from, pageSize);
      for (const recorded of page) halted.fold(recorded, () => undefined);
      if (page.length < pageSize) return;
    }
  }

  async function look(groupId: string): Promise<void> {
    let readsVersion: Version = noStream;
    try {
      await refresh();
      halted.require(groupId);
      if (isComplete || lookedAt.has(groupId)) return;
      readsVersion = (await readModels.groups([groupId]))[0]?.readsVersion ?? noStream;
    } catch (error) {
      if (!(error instanceof ReadModelsUnavailable)) throw error;
      if (lookedAt.has(groupId)) return;
    }
    await readOn(readsStream(groupId), readsVersion);
    await readOn(importsStream(groupId), noStream);
    if (lookedAt.size >= maximumLookedAt) lookedAt.clear();
    lookedAt.add(groupId);
  }

  return {
    require(groupId) {
      halted.require(groupId);
      return isComplete ? undefined : look(groupId);
    },
    refresh,
  };
}
