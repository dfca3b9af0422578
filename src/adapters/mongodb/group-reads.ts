import { setTimeout as wait } from 'node:timers/promises';
import type { Filter } from 'mongodb';
import type { Position } from '../../ports/event-log.ts';
import type { GroupSnapshot } from '../../ports/group-snapshots.ts';
import { BuildGone } from '../../ports/read-model-builds.ts';
import { ReadModelsUnavailable } from '../../ports/read-model-faults.ts';
import type { HaltedGroup } from '../../ports/rows.ts';
import { stateAt, tooNew } from './commit-point.ts';
import type { Connection, ReadOptions } from './connection.ts';
import type { GroupDocument, MembershipDocument } from './documents.ts';
import { toGroupRow, toMemberRow } from './row-documents.ts';

/** Members now or before the batch under way: which of the two a query shows is decided by `stateAt`. */
const perhapsActive = { $or: [{ active: true }, { 'previous.active': true }] };

/**
 * What a query stands on: the groups, each as it was when everything up to its `appliedTo` was applied. Documents of a
 * group are read after it, and shown as of it.
 */
export interface GroupsToRead {
  /**
   * Groups whose first event is applied; every document that is read after them, with the same options, holds all that
   * they say is applied.
   */
  groups(groupIds: readonly string[], options?: ReadOptions): Promise<ReadonlyMap<string, GroupDocument>>;
  /** Of these groups, those of the newest activity before a position, the newest first. */
  newestGroups(
    groupIds: readonly string[],
    before: Position,
    limit: number,
    options: ReadOptions,
  ): Promise<readonly GroupDocument[]>;
  /** Finds everybody who is an active member as of their group, and perhaps others. */
  readonly perhapsActive: Filter<MembershipDocument>;
  /** Reads in one session, and again as long as it meets documents that are too new for the groups that it read first. */
  consistently<T>(read: (options: ReadOptions) => Promise<T | typeof tooNew>): Promise<T>;
}

/** What readers and the writer both ask. Whether the build is still there is for whoever asks to look at afterwards. */
export interface GroupReads extends GroupsToRead {
  /** Throws BuildGone. */
  checkpoint(options?: ReadOptions): Promise<Position>;
  groupSnapshots(groupIds: readonly string[]): Promise<readonly GroupSnapshot[]>;
  groupSnapshot(groupId: string): Promise<GroupSnapshot | undefined>;
  haltedGroups(): Promise<readonly HaltedGroup[]>;
}

export function createGroupReads(connection: Connection): GroupReads {
  const { build, collections, run, readLimit, queryMilliseconds, inOneSession } = connection;

  async function checkpoint(options: ReadOptions = readLimit): Promise<Position> {
    const found = await run(() => collections.builds.findOne({ _id: build }, options));
    if (found === null) throw new BuildGone(`build ${build} is not there`);
    return found.position;
  }

  async function groups(
    groupIds: readonly string[],
    options: ReadOptions = readLimit,
  ): Promise<ReadonlyMap<string, GroupDocument>> {
    const theirs = { _id: { $in: [...groupIds] }, groupId: { $in: [...groupIds] } };
    const found = await run(() => collections.groups.find({ ...theirs, createdAt: { $ne: null } }, options).toArray());
    return new Map(found.map((group) => [group._id, group]));
  }

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

  const groupSnapshots = (groupIds: readonly string[]): Promise<readonly GroupSnapshot[]> =>
    inOneSession((options) => readSnapshots(groupIds, options));

  async function readSnapshots(groupIds: readonly string[], options: ReadOptions): Promise<readonly GroupSnapshot[]> {
    // Before the groups: all batches up to it are in the documents, and a group says whether a later one is as well.
    const reached = await checkpoint(options);
    const found = await groups(groupIds, options);
    const theirs = { groupId: { $in: [...found.keys()] } };
    const documents = await run(() => collections.memberships.find(theirs, options).toArray());
    const byGroup = Map.groupBy(documents, ({ groupId }) => groupId);
    const snapshots: GroupSnapshot[] = [];
    for (const group of found.values()) {
      snapshots.push(await snapshotOf(group, byGroup.get(group._id) ?? [], reached, options));
    }
    return snapshots;
  }

  /**
   * The members of a large group are read in many pieces, while batches go on. What has changed since the first pass is
   * read again, as of a newer state of the group, until nothing of it is too new: each pass is smaller than the one before.
   */
  async function snapshotOf(
    first: GroupDocument,
    documents: readonly MembershipDocument[],
    reached: Position,
    options: ReadOptions,
  ): Promise<GroupSnapshot> {
    const members = new Map<string, MembershipDocument>();
    const { groupId } = first;
    let group = first;
    const add = (read: readonly MembershipDocument[]): boolean => {
      const states = read.map((document) => stateAt(document, group.appliedTo));
      for (const state of states) if (state !== undefined && state !== tooNew) members.set(state.userId, state);
      return !states.includes(tooNew);
    };
    if (!add(documents)) {
      const changed = { groupId, position: { $gt: first.appliedTo } };
      await untilConsistent(async () => {
        group = (await groups([groupId], options)).get(groupId) ?? group;
        return add(await run(() => collections.memberships.find(changed, options).toArray())) ? true : tooNew;
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
    newestGroups(groupIds, before, limit, options) {
      const wanted = { _id: { $in: [...groupIds] }, createdAt: { $ne: null }, activityPosition: { $lt: before } };
      return run(() => collections.groups.find(wanted, options).sort({ activityPosition: -1 }).limit(limit).toArray());
    },
    perhapsActive,
    groupSnapshots,
    groupSnapshot: async (groupId) => (await groupSnapshots([groupId]))[0],
    consistently,
    async haltedGroups() {
      const halted = { haltedAt: { $gte: 0 } };
      const found = await run(() => collections.groups.find(halted, readLimit).sort({ haltedAt: 1, _id: 1 }).toArray());
      return found.flatMap(({ _id, haltedAt, haltReason }) =>
        haltedAt === null ? [] : [{ groupId: _id, position: haltedAt, reason: haltReason ?? '' }],
      );
    },
  };
}
