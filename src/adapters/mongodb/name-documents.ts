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

/** Names that members have no more since a batch, with the position of what they have instead. */
const oldNames = ({ members }: ChangedGroup): MemberNameDocument[] =>
  members.flatMap(({ before, after }) => {
    const now = new Set(keysOf(after));
    return keysOf(before).flatMap((nameKey) => (now.has(nameKey) ? [] : toName(after, nameKey)));
  });

/** Of so many names the writer remembers that they are old; past it, they stay. */
const maximumOldNames = 100_000;

/**
 * Lets go of the names that nobody has any more, once their group is committed again: until then somebody may still read
 * the group as it was before. What is left of them, by a crash or because there were too many, is passed over by readers.
 * A name that somebody has taken again has a later position, and is left alone by whoever comes late.
 */
export interface OldNames {
  /** These groups are committed. */
  committed(write: BatchWrite, groups: readonly ChangedGroup[]): Promise<void>;
}

export function createOldNames(): OldNames {
  const byGroup = new Map<string, readonly MemberNameDocument[]>();
  let remembered = 0;

  function take(groupId: string): readonly MemberNameDocument[] {
    const names = byGroup.get(groupId) ?? [];
    byGroup.delete(groupId);
    remembered -= names.length;
    return names;
  }

  function remember(group: ChangedGroup): void {
    const names = oldNames(group);
    if (names.length === 0 || remembered + names.length > maximumOldNames) return;
    byGroup.set(group.group.after.groupId, names);
    remembered += names.length;
  }

  return {
    async committed(write, groups) {
      const old = groups.flatMap(({ group }) => take(group.after.groupId));
      for (const group of groups) remember(group);
      await forget(write, old);
    },
  };
}

async function forget({ connection, requireHeld }: BatchWrite, old: readonly MemberNameDocument[]): Promise<void> {
  const { memberNames } = connection.collections;
  for (const chunk of chunksOf(old, connection.updatesPerCommand())) {
    requireHeld();
    const operations = chunk.map(({ _id, groupId, position }) => ({
      deleteOne: { filter: { _id, groupId, position: { $lt: position } } },
    }));
    await connection.run(() => memberNames.bulkWrite(operations, { ordered: false }), writeMilliseconds);
  }
}
