import type { Stay } from '../../ports/rows.ts';
import { stateAt, tooNew } from './commit-point.ts';
import type { Connection, ReadOptions } from './connection.ts';
import type { GroupDocument } from './documents.ts';
import type { GroupsToRead } from './group-reads.ts';

export interface Membership {
  readonly group: GroupDocument;
  readonly stays: readonly Stay[];
  readonly markedUpTo: number;
}

/** The groups of which somebody is a member now, by id, with their stays and mark. */
export async function ownMemberships(
  { collections, run }: Connection,
  reads: Pick<GroupsToRead, 'groups'>,
  userId: string,
  options: ReadOptions,
): Promise<ReadonlyMap<string, Membership> | typeof tooNew> {
  const onlyGroups = { ...options, projection: { groupId: 1 } };
  const known = await run(() => collections.memberships.find({ userId }, onlyGroups).toArray());
  const groupIds = known.map(({ groupId }) => groupId);
  const groups = await reads.groups(groupIds, options);
  const wanted = { userId, groupId: { $in: groupIds } };
  const documents = await run(() => collections.memberships.find(wanted, options).toArray());
  const memberships = new Map<string, Membership>();
  for (const document of documents) {
    const group = groups.get(document.groupId);
    const state = group && stateAt(document, group.appliedTo);
    if (state === tooNew) return tooNew;
    if (group === undefined || !state?.active) continue;
    memberships.set(group._id, { group, stays: state.stays, markedUpTo: state.markedUpTo });
  }
  return memberships;
}
