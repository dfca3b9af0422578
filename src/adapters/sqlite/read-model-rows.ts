import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Role } from '../../events/values.ts';
import type {
  GroupRow,
  GroupSnapshot,
  HaltedGroup,
  MemberRow,
  MessageRow,
  ReadCountRange,
  Stay,
} from '../../ports/read-models.ts';
import { seqsPerGroup } from './read-model-file.ts';

/** Columns in the order of their row types. STRICT tables guarantee the types, a CHECK the roles. */
export const groupColumns =
  'g.group_id, g.name, g.created_at, g.member_count, g.last_seq, g.last_message_at, g.version, g.reads_version';
export type StoredGroup = readonly [string, string, string, number, number, string | null, number, number];

export const memberColumns = 'm.user_id, m.name, m.role, m.active, m.joined_at, m.stays, m.marked_up_to';
export type StoredMember = readonly [string, string, Role, number, string, string, number];

/** From `messages p CROSS JOIN groups g`. */
export const messageColumns = `g.group_id, p.message_id, p.message_key % ${seqsPerGroup}, p.author_id, p.text, p.sent_at,
  p.edited_at, p.deleted_at, p.reply_to, p.mentions, p.mentions_all, p.audience_count, p.sent_position`;
// CROSS JOIN fixes the order of the loops in SQLite, here and elsewhere: without statistics it would be a guess.
export const messageTables = `messages p CROSS JOIN groups g ON g.group_key = p.message_key / ${seqsPerGroup}`;
export type StoredMessage = readonly [
  ...[string, string, number, string, string | null, string, string | null, string | null, string | null],
  ...[string, number, number, number],
];

export function toGroupRow(row: StoredGroup): GroupRow {
  const [groupId, name, createdAt, memberCount, lastSeq, lastMessageAt, version, readsVersion] = row;
  return { groupId, name, createdAt, memberCount, lastSeq, lastMessageAt, version, readsVersion };
}

export function toMemberRow(groupId: string, row: StoredMember): MemberRow {
  const [userId, name, role, active, joinedAt, stays, markedUpTo] = row;
  return { groupId, userId, name, role, active: active === 1, joinedAt, stays: toStays(stays), markedUpTo };
}

export function toMessageRow(row: StoredMessage): MessageRow {
  const [groupId, messageId, seq, authorId, text, sentAt, editedAt, deletedAt, replyTo, mentions] = row;
  const [all, audienceCount, sentPosition] = row.slice(10) as [number, number, number];
  const places = { groupId, messageId, seq, authorId, text, sentAt, editedAt, deletedAt, replyTo };
  return { ...places, mentions: toIds(mentions), mentionsAll: all === 1, audienceCount, sentPosition };
}

/** Ids hold no white space. */
export const fromIds = (ids: readonly string[]): string => ids.join(' ');
const toIds = (text: string): readonly string[] => (text === '' ? [] : text.split(' '));

/** Stays are stored as `0-5 9-`: the last one is open. */
export function toStays(text: string): readonly Stay[] {
  return text.split(' ').map((stay) => {
    const dash = stay.indexOf('-');
    return { from: Number(stay.slice(0, dash)), to: dash === stay.length - 1 ? null : Number(stay.slice(dash + 1)) };
  });
}

export const isWithin = (stays: readonly Stay[], seq: number): boolean =>
  stays.some(({ from, to }) => seq > from && (to === null || seq <= to));

/** Three little-endian 32-bit integers a range. */
export function fromRanges(ranges: readonly ReadCountRange[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(ranges.length * 12));
  for (const [index, { fromSeq, toSeq, readCount }] of ranges.entries()) {
    view.setInt32(index * 12, fromSeq, true);
    view.setInt32(index * 12 + 4, toSeq, true);
    view.setInt32(index * 12 + 8, readCount, true);
  }
  return new Uint8Array(view.buffer);
}

/** A prepared query whose rows are arrays of this type. */
export interface Query<Row> {
  get(...values: SQLInputValue[]): Row | undefined;
  all(...values: SQLInputValue[]): Row[];
  iterate(...values: SQLInputValue[]): Iterable<Row>;
}

export function prepareQuery<Row>(database: DatabaseSync, sql: string): Query<Row> {
  const statement: StatementSync = database.prepare(sql);
  statement.setReturnArrays(true);
  return statement as unknown as Query<Row>;
}

/** Several queries see one state of the file. */
export function inOneSnapshot<T>(database: DatabaseSync, read: () => T): T {
  database.exec('BEGIN');
  try {
    return read();
  } finally {
    database.exec('COMMIT');
  }
}

/** What both connections answer: a group, its people, and the checkpoint, of one moment. */
export function prepareGroupSnapshot(database: DatabaseSync): (groupId: string) => GroupSnapshot | undefined {
  const group = prepareQuery<readonly [...StoredGroup, number, number]>(
    database,
    `SELECT ${groupColumns}, g.group_key, (SELECT checkpoint FROM progress) FROM groups g
     WHERE g.group_id = ? AND g.created_at IS NOT NULL`,
  );
  const members = prepareQuery<StoredMember>(
    database,
    `SELECT ${memberColumns} FROM members m WHERE m.group_key = ? ORDER BY m.user_id`,
  );
  return (groupId) =>
    inOneSnapshot(database, () => {
      const row = group.get(groupId);
      if (row === undefined) return undefined;
      const [groupKey, position] = [row[8], row[9]];
      return {
        group: toGroupRow(row as unknown as StoredGroup),
        members: members.all(groupKey).map((member) => toMemberRow(groupId, member)),
        position,
      };
    });
}

export function prepareHaltedGroups(database: DatabaseSync): () => readonly HaltedGroup[] {
  const query = prepareQuery<[string, number, string]>(
    database,
    'SELECT group_id, position, reason FROM halted_groups ORDER BY position',
  );
  return () => query.all().map(([groupId, position, reason]) => ({ groupId, position, reason }));
}
