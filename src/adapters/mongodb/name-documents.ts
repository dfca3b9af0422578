import { nameKeys } from '../../ports/name-keys.ts';
import type { ChangedGroup, StoredMember } from '../../ports/row-store.ts';
import { writeMilliseconds } from './connection.ts';
import { type BatchWrite, chunksOf } from './document-writes.ts';
import { idOf, type MemberNameDocument } from './documents.ts';

const keysOf = (member: StoredMember | undefined): readonly string[] => (member?.active ? nameKeys(member.name) : []);

function toName({ groupId, userId, position }: StoredMember, nameKey: string): MemberNameDocument {
  return { _id: idOf(groupId, userId, nameKey), groupId, userId, nameKey, position };
}

/** Names that members have from this batch on, by all of which they are found. */
export const newNames = (groups: readonly ChangedGroup[]): MemberNameDocument[] =>
  groups.flatMap(({ members }) =>
    members.flatMap(({ before, after }) => {
      if (before !== undefined && before.active === after.active && before.name === after.name) return [];
      return keysOf(after).map((nameKey) => toName(after, nameKey));
    }),
  );

/**
 * Lets go of the names that nobody has any more, once their groups are committed. What a crash leaves of them is passed
 * over by readers. A name that somebody has taken again has a later position, and is left alone by whoever comes late.
 */
export async function forgetOldNames(
  { connection, requireHeld }: BatchWrite,
  groups: readonly ChangedGroup[],
): Promise<void> {
  const { memberNames } = connection.collections;
  for (const { group, members } of groups) {
    const old = members.flatMap(({ before, after }) => {
      const now = new Set(keysOf(after));
      return keysOf(before).flatMap((nameKey) => (now.has(nameKey) ? [] : toName(after, nameKey)));
    });
    for (const chunk of chunksOf(old, connection.updatesPerCommand())) {
      requireHeld();
      const operations = chunk.map(({ _id, position }) => ({
        deleteOne: { filter: { _id, groupId: group.after.groupId, position: { $lt: position } } },
      }));
      await connection.run(() => memberNames.bulkWrite(operations, { ordered: false }), writeMilliseconds);
    }
  }
}
