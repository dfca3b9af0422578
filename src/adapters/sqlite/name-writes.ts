import type { DatabaseSync } from 'node:sqlite';
import { nameKeys } from '../../ports/name-keys.ts';
import type { ChangedGroup, StoredMember } from '../../ports/row-store.ts';
import { prepareBulkInsert } from './bulk-insert.ts';
import type { GroupKeys } from './row-keys.ts';

type NameRow = readonly [groupKey: number, nameKey: string, userId: string];

/** Active members are found by the keys of their names, and nobody else is. */
export function prepareNames(
  database: DatabaseSync,
): (groups: readonly (Pick<ChangedGroup, 'members'> & { readonly keys: GroupKeys })[]) => void {
  const insert = prepareBulkInsert<NameRow>(database, 'member_names', 3, 16, 'ON CONFLICT DO NOTHING');
  const remove = database.prepare('DELETE FROM member_names WHERE group_key = ? AND name_key = ? AND user_id = ?');
  return (groups) => {
    const added: NameRow[] = [];
    for (const { keys, members } of groups) {
      for (const { before, after } of members) {
        if (before !== undefined && before.active === after.active && before.name === after.name) continue;
        const now = keysOf(after);
        for (const nameKey of keysOf(before)) {
          if (!now.includes(nameKey)) remove.run(keys.key, nameKey, after.userId);
        }
        for (const nameKey of now) added.push([keys.key, nameKey, after.userId]);
      }
    }
    insert(added.sort(inOrder));
  };
}

const keysOf = (member: StoredMember | undefined): readonly string[] => (member?.active ? nameKeys(member.name) : []);

const inOrder = ([group, name]: NameRow, [otherGroup, otherName]: NameRow): number =>
  group - otherGroup || (name < otherName ? -1 : 1);
