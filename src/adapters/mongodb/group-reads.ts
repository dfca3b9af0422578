import { setTimeout as wait } from 'node:timers/promises';
import type { Filter } from 'mongodb';
import { type Position, startOfLog } from '../../ports/event-log.ts';
import type { GroupSnapshot } from '../../ports/group-snapshots.ts';
import { ReadModelsUnavailable } from '../../ports/read-model-faults.ts';
import type { HaltedGroup } from '../../ports/rows.ts';
import { stateAt, tooNew } from './commit-point.ts';
import type { Connection, ReadOptions } from './connection.ts';
import {
  type CheckpointDocument,
  checkpointId,
  type GroupDocument,
  type MembershipDocument,
  readModelSchemaVersion,
} from './documents.ts';
import { toGroupRow, toMemberRow } from './row-mapping.ts';

/** What readers and the writer both ask. */
export interface GroupReads {
  checkpoint(options?: ReadOptions): Promise<Position>;
  /**
   * Groups whose first event is applied; every document that is read after them, with the same options, holds all that
   * they say is applied.
   */
  groups(groupIds: readonly string[], options?: ReadOptions): Promise<ReadonlyMap<string, GroupDocument>>;
  groupSnapshot(groupId: string): Promise<GroupSnapshot | undefined>;
  haltedGroups(): Promise<readonly HaltedGroup[]>;
  /** Reads in one session, and again as long as it meets documents that are too new for the groups that it read first. */
  consistently<T>(read: (options: ReadOptions) => Promise<T | typeof tooNew>): Promise<T>;
}

export function createGroupReads(connection: Connection): GroupReads {
  const { collections, run, readLimit, queryMilliseconds, inOneSession } = connection;

  async function readCheckpoint(options: ReadOptions): Promise<CheckpointDocument | null> {
    const found = await run(() => collections.checkpoints.findOne({ _id: checkpointId }, options));
    if (found !== null && (found.building || found.schemaVersion !== readModelSchemaVersion)) {
      throw new ReadModelsUnavailable(
        found.building
          ? 'the read models are about to be built anew'
          : `the read models are of version ${found.schemaVersion}; this program knows ${readModelSchemaVersion}`,
      );
    }
    return found;
  }

  async function groups(
    groupIds: readonly string[],
    options: ReadOptions = readLimit,
  ): Promise<ReadonlyMap<string, GroupDocument>> {
    // On the way, whether these are read models that this version can read: together they cost one round trip.
    const [, found] = await Promise.all([
      readCheckpoint(options),
      run(() => collections.groups.find({ _id: { $in: [...groupIds] }, createdAt: { $ne: null } }, options).toArray()),
    ]);
    return new Map(found.map((group) => [group._id, group]));
  }

  const checkpoint = async (options = readLimit) => (await readCheckpoint(options))?.position ?? startOfLog;

  const consistently = <T>(read: (options: ReadOptions) => Promise<T | typeof tooNew>): Promise<T> =>
    inOneSession((options) => untilConsistent(() => read(options)));

  async function untilConsistent<T>(read: () => Promise<T | typeof tooNew>): Promise<T> {
    const deadline = performance.now() + queryMilliseconds;
    for (let attempt = 0; performance.now() < deadline; attempt += 1) {
      // The batch that was in the way is committed by now, so the first time there is nothing to wait for.
      if (attempt > 0) await wait(Math.min(attempt, 20));
      const result = await read();
      if (result !== tooNew) return result;
    }
    throw new ReadModelsUnavailable(
      `the projector changed what was being read throughout the last ${queryMilliseconds} ms`,
    );
  }

  /**
   * The members of a large group are read in many pieces, while batches go on. What has changed since the first pass is
   * read again, as of a newer state of the group, until nothing of it is too new: each pass is smaller than the one before.
   */
  async function readSnapshot(groupId: string, options: ReadOptions): Promise<GroupSnapshot | undefined> {
    // Before the group: all batches up to it are in the documents, and the group says whether a later one is as well.
    const reached = await checkpoint(options);
    const first = (await groups([groupId], options)).get(groupId);
    if (first === undefined) return undefined;
    const members = new Map<string, MembershipDocument>();
    let group = first;
    const read = async (filter: Filter<MembershipDocument>): Promise<boolean> => {
      const documents = await run(() => collections.memberships.find({ groupId, ...filter }, options).toArray());
      let isComplete = true;
      for (const document of documents) {
        const state = stateAt(document, group.appliedTo);
        if (state === tooNew) isComplete = false;
        else if (state !== undefined) members.set(state.userId, state);
      }
      return isComplete;
    };
    if (!(await read({}))) {
      await untilConsistent(async () => {
        group = (await groups([groupId], options)).get(groupId) ?? group;
        return (await read({ position: { $gt: first.appliedTo } })) ? true : tooNew;
      });
    }
    return {
      group: toGroupRow(group),
      members: [...members.values()].map(toMemberRow),
      // Between its last batch and the checkpoint nothing happened in the group.
      position: Math.max(reached, group.appliedTo),
    };
  }

  return {
    checkpoint,
    groups,
    groupSnapshot: (groupId) => inOneSession((options) => readSnapshot(groupId, options)),
    consistently,
    async haltedGroups() {
      const [, found] = await Promise.all([
        readCheckpoint(readLimit),
        run(() =>
          collections.groups
            .find({ haltedAt: { $gte: 0 } }, readLimit)
            .sort({ haltedAt: 1, _id: 1 })
            .toArray(),
        ),
      ]);
      return found.flatMap(({ _id, haltedAt, haltReason }) =>
        haltedAt === null ? [] : [{ groupId: _id, position: haltedAt, reason: haltReason ?? '' }],
      );
    },
  };
}
