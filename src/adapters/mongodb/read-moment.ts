import type { Timestamp } from 'mongodb';
import type { Position } from '../../ports/event-log.ts';
import type { GroupSnapshot } from '../../ports/group-snapshots.ts';
import { MomentPassed, type MomentQueries, passedOn, type ReadMoment } from '../../ports/read-moment.ts';
import { groupAt, stateAt, tooNew } from './commit-point.ts';
import type { Connection, ReadOptions } from './connection.ts';
import type { GroupDocument } from './documents.ts';
import type { GroupReads, GroupsToRead } from './group-reads.ts';
import { toGroupRow, toMemberRow } from './row-documents.ts';

type Pages = (connection: Connection, groups: GroupsToRead) => Omit<MomentQueries, 'groups' | 'groupSnapshot'>;

/** A position, and when it was the checkpoint, by the clock of the cluster. */
interface Moment {
  readonly position: Position;
  readonly after: Timestamp | undefined;
}

/**
 * The moment is the checkpoint: everything up to it is in the documents, and what was beyond it by then is of one batch that
 * is under way. All of them keep what they were before their newest batch, groups as well; so each is there as it was then
 * until the second batch after it that changes it, and then the moment has passed. Nothing is held on to at the server.
 */
export async function beginMoment(connection: Connection, reads: GroupReads, createPages: Pages): Promise<ReadMoment> {
  const moment = await connection.inOneSession(async (options) => {
    const position = await reads.checkpoint(options);
    return { position, after: options.session?.operationTime };
  });
  const groups = groupsAt(connection, moment);
  let isClosed = false;
  const queries = passedOn(queriesAt(connection, groups, moment, createPages), async (read) => {
    if (isClosed) throw new MomentPassed(`the moment at ${moment.position} is closed`);
    return read();
  });
  return {
    ...queries,
    position: moment.position,
    close: async () => {
      isClosed = true;
    },
  };
}

const passed = ({ position }: Moment): MomentPassed =>
  new MomentPassed(`the projector has changed what was read as of ${position} more than once since`);

function queriesAt(connection: Connection, groups: GroupsToRead, moment: Moment, createPages: Pages): MomentQueries {
  return {
    groups: (groupIds) =>
      groups.consistently(async (options) => [...(await groups.groups(groupIds, options)).values()].map(toGroupRow)),
    groupSnapshot: (groupId) =>
      groups.consistently((options) => snapshotAt(connection, groups, moment, groupId, options)),
    ...createPages(connection, groups),
  };
}

async function snapshotAt(
  { collections, run }: Connection,
  groups: GroupsToRead,
  { position }: Moment,
  groupId: string,
  options: ReadOptions,
): Promise<GroupSnapshot | undefined | typeof tooNew> {
  const group = (await groups.groups([groupId], options)).get(groupId);
  if (group === undefined) return undefined;
  const documents = await run(() => collections.memberships.find({ groupId }, options).toArray());
  const members = documents.map((document) => stateAt(document, group.appliedTo));
  if (members.includes(tooNew)) return tooNew;
  const there = members.flatMap((member) => (member === undefined || member === tooNew ? [] : [toMemberRow(member)]));
  return { group: toGroupRow(group), members: there, position };
}

/** Groups as of the moment, each looked at once: what is read of it later may be newer, and is shown as of it. */
function groupsAt({ collections, run, inOneSession }: Connection, moment: Moment): GroupsToRead {
  const { position } = moment;
  const known = new Map<string, GroupDocument | undefined>();

  /** The group as of the moment; undefined where it was not there, or not shown. */
  function at(group: GroupDocument): GroupDocument | undefined {
    if (!known.has(group._id)) {
      const then = groupAt(group, position);
      if (then === tooNew) throw passed(moment);
      known.set(group._id, then === undefined || then.createdAt === null ? undefined : then);
    }
    return known.get(group._id);
  }

  return {
    async groups(groupIds, options) {
      const unknown = [...new Set(groupIds)].filter((groupId) => !known.has(groupId));
      if (unknown.length > 0) {
        const theirs = { _id: { $in: unknown }, groupId: { $in: unknown } };
        const found = await run(() => collections.groups.find(theirs, options).toArray());
        for (const group of found) at(group);
        for (const groupId of unknown) if (!known.has(groupId)) known.set(groupId, undefined);
      }
      return new Map(
        groupIds.flatMap((groupId) => {
          const group = known.get(groupId);
          return group === undefined ? [] : [[groupId, group]];
        }),
      );
    },
    /**
     * The server sorts by the newest activity. A group that has been changed since stood elsewhere, or was not changed in
     * this: so of what the server finds only those count that are as they were, and then all that were changed are looked
     * at, which are few. They come last: whichever is changed meanwhile is found by the one or the other.
     */
    async newestGroups(groupIds, before, limit, options) {
      const theirs = { _id: { $in: [...groupIds] } };
      const unchanged: GroupDocument[] = [];
      for (let next = before; unchanged.length < limit; ) {
        const wanted = { ...theirs, activityPosition: { $lt: next } };
        const page = await run(() =>
          collections.groups.find(wanted, options).sort({ activityPosition: -1 }).limit(limit).toArray(),
        );
        unchanged.push(...page.filter(({ appliedTo }) => appliedTo <= position));
        const last = page.at(-1);
        if (last === undefined || page.length < limit) break;
        next = last.activityPosition;
      }
      const since = { ...theirs, appliedTo: { $gt: position } };
      const changed = await run(() => collections.groups.find(since, options).toArray());
      const byId = new Map([...unchanged, ...changed].map((group) => [group._id, group]));
      return [...byId.values()]
        .flatMap((group) => at(group) ?? [])
        .filter(({ activityPosition }) => activityPosition < before)
        .sort((a, b) => b.activityPosition - a.activityPosition)
        .slice(0, limit);
    },
    // One who has been changed twice since says nothing of then, but that the moment has passed.
    perhapsActive: { $or: [{ active: true }, { 'previous.active': true }, { position: { $gt: position } }] },
    async consistently(read) {
      const answer = await inOneSession(read, moment.after);
      if (answer === tooNew) throw passed(moment);
      return answer;
    },
  };
}
