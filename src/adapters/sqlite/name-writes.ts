import type { DatabaseSync } from 'node:sqlite';
import { nameKeys } from '../../ports/name-keys.ts';
import type { ChangedGroup, StoredMember } from '../../ports/row-store.ts';
import { prepareBulkInsert } from './bulk-insert.ts';
import type { GroupKeys } from './row-keys.ts';

type NameRow = readonly [groupKey: number, nameKey: string, userId: string];

/** Keys of names by which members of a group are found from now on, and are no more. */
export interface ChangedNames {
  readonly taken: readonly (readonly [nameKey: string, userId: string])[];
  readonly left: readonly (readonly [nameKey: string, userId: string])[];
}

/** Active members are found by the keys of their names, and nobody else is. */
export function namesOf({ members }: Pick<ChangedGroup, 'members'>): ChangedNames {
  const taken: [string, string][] = [];
  const left: [string, string][] = [];
  for (const { before, after } of members) {
    if (before !== undefined && before.active === after.active && before.name === after.name) continue;
    const now = keysOf(after);
    for (const nameKey of keysOf(before)) if (!now.includes(nameKey)) left.push([nameKey, after.userId]);
    for (const nameKey of now) taken.push([nameKey, after.userId]);
  }
  return { taken, left };
}

const keysOf = (member: StoredMember | undefined): readonly string[] => (member?.active ? nameKeys(member.name) : []);

export function prepareNames(
  database: DatabaseSync,
): (groups: readonly { readonly names: ChangedNames; readonly keys: GroupKeys }[]) => void {
  const insert = prepareBulkInsert<NameRow>(database, 'member_names', 3, 16, 'ON CONFLICT DO NOTHING');
  const remove = database.prepare('DELETE FROM member_names WHERE group_key = ? AND name_key = ? AND user_id = ?');
  return (groups) => {
    for (const { keys, names } of groups) for (const name of names.left) remove.run(keys.key, ...name);
    const added = groups.flatMap(({ keys, names }) => names.taken.map((name): NameRow => [keys.key, ...name]));
    insert(added.sort(inOrder));
  };
}

const inOrder = ([group, name]: NameRow, [otherGroup, otherName]: NameRow): number =>
  group - otherGroup || (name < otherName ? -1 : 1);
