import type { DatabaseSync } from 'node:sqlite';
import { ReadModelsCorrupt } from '../../ports/read-model-faults.ts';
import { prepareQuery } from './read-model-rows.ts';

/** A group's key in the file, and those of its members that the writer has met. */
export interface GroupKeys {
  readonly key: number;
  readonly members: Map<string, number>;
}

/** The small integers that stand for groups and members in the file. */
export interface RowKeys {
  /** Those of a group that is there; where its row, or a member's, is gone after all, ReadModelsCorrupt is thrown. */
  group(groupId: string): GroupKeys;
  find(groupId: string): GroupKeys | undefined;
  /** Of a member who is there. */
  member(group: GroupKeys, userId: string): number;
  addGroup(groupId: string): GroupKeys;
  addMember(group: GroupKeys, userId: string): number;
  /** Nothing in memory is to be relied on: the file alone knows. */
  forget(): void;
  /** Lets all go where there are too many: each costs one look into the file to be known again. */
  trim(): void;
}

const maximumKnown = 300_000;

/** There is one writer of a file: what it has once met stays as it is. */
export function createRowKeys(database: DatabaseSync): RowKeys {
  const groups = new Map<string, GroupKeys>();
  let knownMembers = 0;
  let next: { group: number; member: number } | undefined;
  const selectGroup = prepareQuery<[number]>(database, 'SELECT group_key FROM groups WHERE group_id = ?');
  const selectMember = prepareQuery<[number]>(
    database,
    'SELECT member_key FROM members WHERE group_key = ? AND user_id = ?',
  );
  const highest = prepareQuery<[number | null, number | null]>(
    database,
    'SELECT (SELECT max(group_key) FROM groups), (SELECT max(member_key) FROM members)',
  );

  function nextKeys(): { group: number; member: number } {
    const [group, member] = highest.get() ?? [0, 0];
    return { group: (group ?? 0) + 1, member: (member ?? 0) + 1 };
  }

  function rememberGroup(groupId: string, key: number): GroupKeys {
    const keys = { key, members: new Map<string, number>() };
    groups.set(groupId, keys);
    return keys;
  }

  function rememberMember(group: GroupKeys, userId: string, key: number): number {
    group.members.set(userId, key);
    knownMembers += 1;
    return key;
  }

  function find(groupId: string): GroupKeys | undefined {
    const known = groups.get(groupId);
    if (known !== undefined) return known;
    const row = selectGroup.get(groupId);
    return row && rememberGroup(groupId, row[0]);
  }

  function forget(): void {
    groups.clear();
    knownMembers = 0;
    next = undefined;
  }

  return {
    find,
    group: (groupId) => find(groupId) ?? missing(`group ${groupId}`),
    member(group, userId) {
      const known = group.members.get(userId);
      if (known !== undefined) return known;
      const row = selectMember.get(group.key, userId) ?? missing(`member ${userId}`);
      return rememberMember(group, userId, row[0]);
    },
    addGroup(groupId) {
      next ??= nextKeys();
      return rememberGroup(groupId, next.group++);
    },
    addMember(group, userId) {
      next ??= nextKeys();
      return rememberMember(group, userId, next.member++);
    },
    forget,
    trim: () => {
      if (groups.size + knownMembers > maximumKnown) forget();
    },
  };
}

function missing(what: string): never {
  throw new ReadModelsCorrupt(`the row of ${what} is missing`);
}
