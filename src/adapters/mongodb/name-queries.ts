import { firstNameKey, prefixEnd } from '../../ports/name-keys.ts';
import type { PeoplePages } from '../../ports/pages.ts';
import type { NamedMember } from '../../ports/rows.ts';
import { stateAt, tooNew } from './commit-point.ts';
import type { Connection, ReadOptions } from './connection.ts';
import { type GroupDocument, idOf, type MemberNameDocument, type MembershipDocument } from './documents.ts';
import type { GroupsToRead } from './group-reads.ts';
import { toMemberRow } from './row-documents.ts';

/**
 * Members by name. A name's documents say only where to look: they are there before it is, and may be there after it was.
 * Whether somebody has the name is for their own document to say.
 */
export function createMembersByName(
  connection: Connection,
  reads: Pick<GroupsToRead, 'groups' | 'consistently'>,
): PeoplePages['membersByName'] {
  const { collections, run } = connection;

  async function namesAfter(
    groupId: string,
    prefix: string,
    after: { readonly nameKey: string; readonly userId: string } | undefined,
    { limit, options }: { readonly limit: number; readonly options: ReadOptions },
  ): Promise<readonly MemberNameDocument[]> {
    const end = prefixEnd(prefix);
    const wanted =
      after === undefined
        ? { groupId, nameKey: { $gte: prefix, $lt: end } }
        : {
            $or: [
              { groupId, nameKey: after.nameKey, userId: { $gt: after.userId } },
              { groupId, nameKey: { $gt: after.nameKey, $lt: end } },
            ],
          };
    return run(() =>
      collections.memberNames.find(wanted, options).sort({ nameKey: 1, userId: 1 }).limit(limit).toArray(),
    );
  }

  /** Of these, in their order, the members who have the name and stand in the list by it. */
  async function membersOf(
    { groupId, appliedTo }: GroupDocument,
    prefix: string,
    names: readonly MemberNameDocument[],
    options: ReadOptions,
  ): Promise<readonly NamedMember[] | typeof tooNew> {
    const ids = [...new Set(names.map(({ userId }) => idOf(groupId, userId)))];
    const documents = await run(() => collections.memberships.find({ _id: { $in: ids }, groupId }, options).toArray());
    const byUser = new Map<string, MembershipDocument | typeof tooNew | undefined>();
    for (const document of documents) byUser.set(document.userId, stateAt(document, appliedTo));
    const members: NamedMember[] = [];
    for (const { nameKey, userId } of names) {
      const state = byUser.get(userId);
      if (state === tooNew) return tooNew;
      if (state?.active && firstNameKey(state.name, prefix) === nameKey) {
        members.push({ nameKey, member: toMemberRow(state) });
      }
    }
    return members;
  }

  return (groupId, prefix, after, limit) =>
    reads.consistently(async (options) => {
      const group = (await reads.groups([groupId], options)).get(groupId);
      if (group === undefined) return [];
      const page: NamedMember[] = [];
      let last = after;
      while (page.length < limit) {
        const names = await namesAfter(groupId, prefix, last, { limit, options });
        const members = await membersOf(group, prefix, names, options);
        if (members === tooNew) return tooNew;
        page.push(...members);
        last = names.at(-1);
        if (names.length < limit) break;
      }
      return page.slice(0, limit);
    });
}
