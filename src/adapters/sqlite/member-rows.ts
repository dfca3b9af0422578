import type { DatabaseSync } from 'node:sqlite';
import type { Role } from '../../events/values.ts';
import type { Change } from '../../ports/changes.ts';
import { prepareBulkInsert } from './bulk-insert.ts';
import { prepareQuery } from './read-model-rows.ts';

type ChangeOf<Type> = Extract<Change, { readonly type: Type }>;
export type MemberChange = ChangeOf<'putMember' | 'endMembership' | 'setRole' | 'setMemberName'>;

/** Of a group, what its members need: its key, and those of them that the writer has met. */
export interface MembersEntry {
  readonly key: number;
  readonly members: Map<string, MemberEntry>;
}

interface MemberEntry {
  readonly key: number;
  name: string;
  role: Role;
  active: boolean;
  joinedAt: string;
  stays: string;
  markedUpTo: number;
  position: number;
  changed: boolean;
}

export interface MemberRows {
  change(group: MembersEntry, change: MemberChange): void;
  /** False where the mark counts nothing. */
  advanceMark(group: MembersEntry, change: ChangeOf<'advanceMark'>): boolean;
  flush(): void;
  forget(): void;
  size(): number;
}

export function createMemberRows(database: DatabaseSync): MemberRows {
  const changed: MemberEntry[] = [];
  const marks: [number, number, number][] = [];
  let size = 0;
  const select = prepareQuery<readonly [number, string, Role, number, string, string, number, number]>(
    database,
    `SELECT member_key, name, role, active, joined_at, stays, marked_up_to, position
     FROM members WHERE group_key = ? AND user_id = ?`,
  );
  const insert = database.prepare('INSERT INTO members VALUES (NULL, ?, ?, ?, ?, 1, ?, ?, 0, ?)');
  const update = database.prepare(
    `UPDATE members SET name = ?, role = ?, active = ?, joined_at = ?, stays = ?, marked_up_to = ?, position = ?
     WHERE member_key = ?`,
  );
  const updateMark = database.prepare('UPDATE members SET marked_up_to = ? WHERE member_key = ?');
  const insertMarks = prepareBulkInsert(database, 'marks', 3, 16);

  function find(group: MembersEntry, userId: string): MemberEntry | undefined {
    const known = group.members.get(userId);
    if (known !== undefined) return known;
    const row = select.get(group.key, userId);
    if (row === undefined) return undefined;
    const [key, name, role, active, joinedAt, stays, markedUpTo, position] = row;
    const member = { key, name, role, active: active === 1, joinedAt, stays, markedUpTo, position, changed: false };
    return remember(group, userId, member);
  }

  function remember(group: MembersEntry, userId: string, member: MemberEntry): MemberEntry {
    group.members.set(userId, member);
    size += 1;
    return member;
  }

  function join(group: MembersEntry, { userId, name, role, afterSeq, at, position }: ChangeOf<'putMember'>): void {
    const stays = `${afterSeq}-`;
    const key = Number(insert.run(group.key, userId, name, role, at, stays, position).lastInsertRowid);
    const member = { key, name, role, active: true, joinedAt: at, stays, markedUpTo: 0, position, changed: false };
    remember(group, userId, member);
  }

  return {
    change(group: MembersEntry, change: MemberChange): void {
      const member = find(group, change.userId);
      if (member === undefined) {
        if (change.type === 'putMember') join(group, change);
        return;
      }
      if (change.position <= member.position) return;
      applyMemberChange(member, change);
      member.position = change.position;
      if (!member.changed) changed.push(member);
      member.changed = true;
    },
    advanceMark(group: MembersEntry, { userId, upTo, at, position }: ChangeOf<'advanceMark'>): boolean {
      const member = find(group, userId);
      if (!member?.active || position <= member.position || upTo <= member.markedUpTo) return false;
      member.markedUpTo = upTo;
      marks.push([member.key, upTo, Date.parse(at)]);
      return true;
    },
    flush(): void {
      for (const { key, name, role, active, joinedAt, stays, markedUpTo, position } of changed) {
        update.run(name, role, active ? 1 : 0, joinedAt, stays, markedUpTo, position, key);
      }
      for (const member of changed) member.changed = false;
      changed.length = 0;
      marks.sort(([aKey, aUpTo], [bKey, bUpTo]) => aKey - bKey || aUpTo - bUpTo);
      insertMarks(marks);
      // Sorted, so the last of a member's marks is the highest.
      for (const [index, [key, upTo]] of marks.entries()) if (marks[index + 1]?.[0] !== key) updateMark.run(upTo, key);
      marks.length = 0;
    },
    forget(): void {
      changed.length = 0;
      marks.length = 0;
      size = 0;
    },
    size: () => size,
  };
}

function applyMemberChange(member: MemberEntry, change: MemberChange): void {
  switch (change.type) {
    case 'putMember':
      if (member.active) return;
      member.active = true;
      member.name = change.name;
      member.role = change.role;
      member.joinedAt = change.at;
      member.stays += ` ${change.afterSeq}-`;
      return;
    case 'endMembership':
      if (!member.active) return;
      member.active = false;
      member.stays += change.afterSeq;
      return;
    case 'setRole':
      member.role = change.role;
      return;
    case 'setMemberName':
      member.name = change.name;
      return;
    default:
      change satisfies never;
  }
}
