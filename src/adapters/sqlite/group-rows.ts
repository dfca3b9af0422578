import type { DatabaseSync } from 'node:sqlite';
import type { Change } from '../../ports/changes.ts';
import { noStream, startOfLog } from '../../ports/event-log.ts';
import { createMemberRows, type MemberChange, type MembersEntry } from './member-rows.ts';
import { messageKeyOf, seqsPerGroup } from './read-model-file.ts';
import { prepareQuery } from './read-model-rows.ts';

/** A group's row and those of its members that the writer has met, as of the transaction under way. */
export interface GroupEntry extends MembersEntry {
  name: string;
  createdAt: string | null;
  memberCount: number;
  lastSeq: number;
  lastMessageAt: string | null;
  version: number;
  readsVersion: number;
  activityPosition: number;
  /** The newest position at which a message or a mark was applied. */
  countsPosition: number;
  position: number;
  /** The newest message that is in the file or waits to be written there. */
  storedSeq: number;
  changed: boolean;
}

type ChangeOf<Type> = Extract<Change, { readonly type: Type }>;
type GroupChange = ChangeOf<'putGroup' | 'renameGroup' | 'setMemberCount' | 'advanceGroup'>;
type StoredEntry = readonly [
  ...[number, string, string | null, number, number, string | null, number, number, number, number, number],
  number | null,
];

export interface GroupRows {
  /** The group's entry; a change may come before the group's own row. */
  find(groupId: string): GroupEntry;
  changeGroup(entry: GroupEntry, change: GroupChange): void;
  changeMember(entry: GroupEntry, change: MemberChange): void;
  advanceMark(entry: GroupEntry, change: ChangeOf<'advanceMark'>): void;
  /** Writes what has changed: every row once, however often it changed. */
  flush(): void;
  /** Nothing in memory is to be relied on: the file alone knows. */
  forget(): void;
  /** How many members are held in memory. */
  size(): number;
}

export function createGroupRows(database: DatabaseSync): GroupRows {
  const entries = new Map<string, GroupEntry>();
  const members = createMemberRows(database);
  const changed: GroupEntry[] = [];
  const select = prepareQuery<StoredEntry>(
    database,
    `SELECT g.group_key, name, created_at, member_count, last_seq, last_message_at, version, reads_version, activity_position,
       counts_position, position, (SELECT max(message_key) FROM messages
         WHERE message_key > g.group_key * ${seqsPerGroup} AND message_key < (g.group_key + 1) * ${seqsPerGroup})
     FROM groups g WHERE group_id = ?`,
  );
  const insert = database.prepare(
    `INSERT INTO groups VALUES (NULL, ?, '', NULL, 0, 0, NULL, ${noStream}, ${noStream}, ${startOfLog}, ${startOfLog}, ${startOfLog})`,
  );
  const update = database.prepare(
    `UPDATE groups SET name = ?, created_at = ?, member_count = ?, last_seq = ?, last_message_at = ?, version = ?,
       reads_version = ?, activity_position = ?, counts_position = ?, position = ? WHERE group_key = ?`,
  );

  function load(groupId: string): GroupEntry {
    if (select.get(groupId) === undefined) insert.run(groupId);
    const row = select.get(groupId);
    if (row === undefined) throw new Error(`the row of group ${groupId} is missing`);
    const [key, name, createdAt, memberCount, lastSeq, lastMessageAt, version, readsVersion] = row;
    const [activityPosition, countsPosition, position, newestKey] = row.slice(8) as [number, number, number, number?];
    const storedSeq = newestKey ? newestKey - messageKeyOf(key, 0) : 0;
    const group = { key, name, createdAt, memberCount, lastSeq, lastMessageAt, version, readsVersion, storedSeq };
    return { ...group, activityPosition, countsPosition, position, changed: false, members: new Map() };
  }

  function touch(entry: GroupEntry): void {
    if (!entry.changed) changed.push(entry);
    entry.changed = true;
  }

  function advance(entry: GroupEntry, change: ChangeOf<'advanceGroup'>): void {
    if (change.version !== undefined) entry.version = Math.max(entry.version, change.version);
    if (change.readsVersion !== undefined) entry.readsVersion = Math.max(entry.readsVersion, change.readsVersion);
    if (change.lastSeq !== undefined) {
      entry.lastSeq = Math.max(entry.lastSeq, change.lastSeq);
      entry.activityPosition = Math.max(entry.activityPosition, change.position);
    }
    const at = change.lastMessageAt;
    if (at !== undefined && (entry.lastMessageAt === null || at > entry.lastMessageAt)) entry.lastMessageAt = at;
  }

  return {
    find(groupId) {
      let entry = entries.get(groupId);
      if (entry === undefined) {
        entry = load(groupId);
        entries.set(groupId, entry);
      }
      return entry;
    },
    changeGroup(entry, change) {
      touch(entry);
      if (change.type === 'advanceGroup') return advance(entry, change);
      if (change.position <= entry.position) return;
      entry.position = change.position;
      if (change.type === 'setMemberCount') entry.memberCount = change.memberCount;
      else entry.name = change.name;
      if (change.type !== 'putGroup') return;
      entry.createdAt = change.createdAt;
      entry.activityPosition = Math.max(entry.activityPosition, change.position);
    },
    changeMember: members.change,
    advanceMark(entry, change) {
      if (!members.advanceMark(entry, change)) return;
      entry.countsPosition = Math.max(entry.countsPosition, change.position);
      touch(entry);
    },
    flush() {
      for (const entry of changed) {
        const { key, name, createdAt, memberCount, lastSeq, lastMessageAt, version, readsVersion } = entry;
        const { activityPosition, countsPosition, position } = entry;
        update.run(
          ...[name, createdAt, memberCount, lastSeq, lastMessageAt, version, readsVersion],
          ...[activityPosition, countsPosition, position, key],
        );
        entry.changed = false;
      }
      changed.length = 0;
      members.flush();
    },
    forget() {
      entries.clear();
      changed.length = 0;
      members.forget();
    },
    size: () => entries.size + members.size(),
  };
}
