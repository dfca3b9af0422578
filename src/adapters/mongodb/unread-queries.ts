import type { PeoplePages } from '../../ports/pages.ts';
import type { MessageKey, UnreadGroup } from '../../ports/rows.ts';
import { tooNew } from './commit-point.ts';
import type { Connection, ReadOptions } from './connection.ts';
import type { GroupsToRead } from './group-reads.ts';
import { ownMemberships } from './own-memberships.ts';
import { readBranches } from './read-branches.ts';

/** Queries about what somebody has not read. */
export function createUnreadQueries(
  connection: Connection,
  reads: Pick<GroupsToRead, 'groups' | 'consistently'>,
): Pick<PeoplePages, 'unreadGroups' | 'mentionCounts'> {
  return {
    unreadGroups: (userId) =>
      reads.consistently(async (options) => {
        const memberships = await ownMemberships(connection, reads, userId, options);
        if (memberships === tooNew) return tooNew;
        return [...memberships.values()].flatMap(({ group, stays, markedUpTo }): readonly UnreadGroup[] => {
          const { groupId, lastSeq } = group;
          const afterSeq = Math.max(markedUpTo, stays.at(-1)?.from ?? 0);
          return group.haltedAt === null && lastSeq > afterSeq ? [{ groupId, afterSeq, lastSeq }] : [];
        });
      }),
    mentionCounts: (userId, after, limit) =>
      reads.consistently(async (options) => {
        const groups = await reads.groups([...new Set(after.map(({ groupId }) => groupId))], options);
        // What is not applied yet is not there: its seq is beyond the group's newest.
        const ranges = after.flatMap(({ groupId, seq }): readonly SeqRange[] => {
          const group = groups.get(groupId);
          return group === undefined ? [] : [{ groupId, afterSeq: seq, lastSeq: group.lastSeq }];
        });
        const found = await mentionsOf(connection, userId, ranges, limit, options);
        const byGroup = Map.groupBy(found, ({ groupId }) => groupId);
        return [...byGroup].map(([groupId, own]) => {
          return { groupId, count: Math.min(limit, new Set(own.map(({ seq }) => seq)).size) };
        });
      }),
  };
}

type SeqRange = UnreadGroup;

/** Messages that mention somebody, by name or with everybody: of each range the newest `limit` of either kind. */
async function mentionsOf(
  { collections, run }: Connection,
  userId: string,
  ranges: readonly SeqRange[],
  limit: number,
  options: ReadOptions,
): Promise<readonly MessageKey[]> {
  const within = ({ groupId, afterSeq, lastSeq }: SeqRange) => ({ groupId, seq: { $gt: afterSeq, $lte: lastSeq } });
  const byName = (range: SeqRange) => ({ userId, ...within(range) });
  const ofAll = (range: SeqRange) => ({ ...within(range), authorId: { $ne: userId } });
  const found = await Promise.all([
    readBranches(ranges, limit, {
      together: (some, atMost) =>
        run(() =>
          collections.mentions
            .find({ $or: some.map(byName) }, options)
            .limit(atMost)
            .toArray(),
        ),
      alone: (range, newest) =>
        run(() => collections.mentions.find(byName(range), options).sort({ seq: -1 }).limit(newest).toArray()),
    }),
    readBranches(ranges, limit, {
      together: (some, atMost) =>
        run(() =>
          collections.mentionsOfAll
            .find({ $or: some.map(ofAll) }, options)
            .limit(atMost)
            .toArray(),
        ),
      alone: (range, newest) =>
        run(() => collections.mentionsOfAll.find(ofAll(range), options).sort({ seq: -1 }).limit(newest).toArray()),
    }),
  ]);
  return found.flat();
}
