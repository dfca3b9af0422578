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
import type {
  Checkpoint,
  StoredGroup,
  StoredMember,
  StoredMessage,
  StoredReactionCounts,
} from '../../ports/row-store.ts';
import { seqsPerGroup } from './read-model-file.ts';

type Row = readonly (string | number | null)[];

/**
 * How rows and objects become each other, for reading and for writing. A list of columns is in the order of the table,
 * whose keys come before them; the object's fields are taken in the same order. STRICT tables guarantee the types, a
 * CHECK the roles.
 */
export const groupColumns = [
  ...['group_id', 'name', 'created_at', 'member_count', 'last_seq', 'last_message_at', 'version', 'reads_version'],
  ...['activity_position', 'counts_position', 'halted_at', 'halt_reason', 'last_at', 'creation_hash', 'position'],
];
export const memberColumns = ['user_id', 'name', 'role', 'active', 'joined_at', 'stays', 'marked_up_to', 'position'];
export const messageColumns = [
  ...['message_id', 'author_id', 'text', 'sent_at', 'edited_at', 'deleted_at', 'reply_to', 'mentions', 'mentions_all'],
  ...['audience_count', 'sent_position', 'sent_hash', 'position'],
];

/** Columns of a table under its alias, for a query. */
export const from = (alias: string, columns: readonly string[]): string =>
  columns.map((column) => `${alias}.${column}`).join(', ');

// CROSS JOIN fixes the order of the loops in SQLite, here and elsewhere: without statistics it would be a guess.
/** Every message with the id of its group and its seq, before its own columns. */
export const selectMessages = `SELECT g.group_id, p.message_key % ${seqsPerGroup}, ${from('p', messageColumns)}
  FROM messages p CROSS JOIN groups g ON g.group_key = p.message_key / ${seqsPerGroup}`;

export function groupValues(group: StoredGroup): Row {
  const { groupId, name, createdAt, memberCount, lastSeq, lastMessageAt, version, readsVersion } = group;
  const { activityPosition, countsPosition, haltedAt, haltReason, lastAt, creationHash, position } = group;
  return [
    ...[groupId, name, createdAt, memberCount, lastSeq, lastMessageAt, version, readsVersion],
    ...[activityPosition, countsPosition, haltedAt, haltReason, lastAt, creationHash, position],
  ];
}

export type GroupColumns = readonly [
  ...[string, string, string | null, number, number, string | null, number, number],
  ...[number, number, number | null, string | null, string | null, string | null, number],
];

export function toStoredGroup(row: GroupColumns): StoredGroup {
  const places = { activityPosition: row[8], countsPosition: row[9], haltedAt: row[10], haltReason: row[11] };
  return { ...toGroupRow(row), createdAt: row[2], ...places, position: row[14] };
}

/** Of a group that is shown, which has its first event. */
export function toGroupRow(row: GroupColumns): GroupRow {
  const [groupId, name, createdAt, memberCount, lastSeq, lastMessageAt, version, readsVersion] = row;
  const latest = { lastMessageAt, lastAt: row[12], creationHash: row[13] };
  return { groupId, name, createdAt: createdAt ?? '', memberCount, lastSeq, ...latest, version, readsVersion };
}

export function memberValues(member: StoredMember): Row {
  const { userId, name, role, active, joinedAt, stays, markedUpTo, position } = member;
  return [userId, name, role, active ? 1 : 0, joinedAt, fromStays(stays), markedUpTo, position];
}

export type MemberColumns = readonly [string, string, Role, number, string, string, number, number];

export function toMemberRow(groupId: string, row: MemberColumns): MemberRow {
  const [userId, name, role, active, joinedAt, stays, markedUpTo] = row;
  return { groupId, userId, name, role, active: active === 1, joinedAt, stays: toStays(stays), markedUpTo };
}

export const toStoredMember = (groupId: string, row: MemberColumns): StoredMember => ({
  ...toMemberRow(groupId, row),
  position: row[7],
});

export function messageValues(message: StoredMessage): Row {
  const { messageId, authorId, text, sentAt, editedAt, deletedAt, replyTo, mentions, mentionsAll } = message;
  return [
    ...[messageId, authorId, text, sentAt, editedAt, deletedAt, replyTo, mentions.join(' '), mentionsAll ? 1 : 0],
    ...[message.audienceCount, message.sentPosition, message.sentHash, message.position],
  ];
}

export type MessageColumns = readonly [
  ...[string, number],
  ...[string, string, string | null, string, string | null, string | null, string | null, string, number],
  ...[number, number, string | null, number],
];

export function toMessageRow(row: MessageColumns): MessageRow {
  const [groupId, seq, messageId, authorId, text, sentAt, editedAt, deletedAt, replyTo, mentions, all] = row;
  const places = { groupId, messageId, seq, authorId, text, sentAt, editedAt, deletedAt, replyTo, sentHash: row[13] };
  // Ids hold no white space.
  const ids = mentions === '' ? [] : mentions.split(' ');
  return { ...places, mentions: ids, mentionsAll: all === 1, audienceCount: row[11], sentPosition: row[12] };
}

export const toStoredMessage = (row: MessageColumns): StoredMessage => ({ ...toMessageRow(row), position: row[14] });

/** Stays are stored as `0-5 9-`: the last one is open. */
const fromStays = (stays: readonly Stay[]): string => stays.map(({ from, to }) => `${from}-${to ?? ''}`).join(' ');

export function toStays(text: string): readonly Stay[] {
  return text.split(' ').map((stay) => {
    const dash = stay.indexOf('-');
    return { from: Number(stay.slice(0, dash)), to: dash === stay.length - 1 ? null : Number(stay.slice(dash + 1)) };
  });
}

export const isWithin = (stays: readonly Stay[], seq: number): boolean =>
  stays.some(({ from, to }) => seq > from && (to === null || seq <= to));

/** Three little-endian 32-bit integers a range. */
export const fromRanges = (ranges: readonly ReadCountRange[]): Uint8Array =>
  new Uint8Array(
    Int32Array.from(ranges.flatMap(({ fromSeq, toSeq, readCount }) => [fromSeq, toSeq, readCount])).buffer,
  );

/** A list of pairs of an emoji and its count. */
export const countsText = ({ counts }: StoredReactionCounts): string =>
  JSON.stringify(counts.map(({ emoji, count }) => [emoji, count]));

/** What stands under a message by its key, or has stood there; none where nothing ever did. */
export function prepareReactionCounts(
  database: DatabaseSync,
): (groupId: string, seq: number, messageKey: number) => readonly StoredReactionCounts[] {
  const query = prepareQuery<readonly [string, number, number]>(
    database,
    `SELECT j.value ->> 0, j.value ->> 1, r.position FROM reaction_counts r CROSS JOIN json_each(r.counts) j
     WHERE r.message_key = ? ORDER BY j.key`,
  );
  return (groupId, seq, messageKey) => {
    const rows = query.all(messageKey);
    const counts = rows.map(([emoji, count]) => ({ emoji, count }));
    return rows.slice(0, 1).map(([, , position]) => ({ groupId, seq, counts, position }));
  };
}

/** A prepared query whose rows are arrays of this type. */
export interface Query<Columns> {
  get(...values: SQLInputValue[]): Columns | undefined;
  all(...values: SQLInputValue[]): Columns[];
  iterate(...values: SQLInputValue[]): Iterable<Columns>;
}

export function prepareQuery<Columns>(database: DatabaseSync, sql: string): Query<Columns> {
  const statement: StatementSync = database.prepare(sql);
  statement.setReturnArrays(true);
  return statement as unknown as Query<Columns>;
}

/** Several queries see one state of the file: that of the transaction which is under way, where there is one. */
export function inOneSnapshot<T>(database: DatabaseSync, read: () => T): T {
  if (database.isTransaction) return read();
  database.exec('BEGIN');
  try {
    return read();
  } finally {
    database.exec('COMMIT');
  }
}

export function prepareCheckpoint(database: DatabaseSync): () => Checkpoint | undefined {
  const query = prepareQuery<readonly [number, string | null, number | null, string | null]>(
    database,
    'SELECT checkpoint, stream_name, version, event_id FROM progress',
  );
  return () => {
    const row = query.get();
    if (row === undefined) return undefined;
    const [position, streamName, version, eventId] = row;
    const isKnown = streamName !== null && version !== null && eventId !== null;
    return { position, event: isKnown ? { streamName, version, eventId } : undefined };
  };
}

/** What both connections answer: a group, its people, and the checkpoint, of one moment. */
export function prepareGroupSnapshot(database: DatabaseSync): (groupId: string) => GroupSnapshot | undefined {
  const group = prepareQuery<readonly [...GroupColumns, number, number]>(
    database,
    `SELECT ${from('g', groupColumns)}, g.group_key, (SELECT checkpoint FROM progress) FROM groups g
     WHERE g.group_id = ? AND g.created_at IS NOT NULL`,
  );
  const members = prepareQuery<MemberColumns>(
    database,
    `SELECT ${from('m', memberColumns)} FROM members m WHERE m.group_key = ? ORDER BY m.user_id`,
  );
  return (groupId) =>
    inOneSnapshot(database, () => {
      const row = group.get(groupId);
      if (row === undefined) return undefined;
      return {
        group: toGroupRow(row as unknown as GroupColumns),
        members: members.all(row[15]).map((member) => toMemberRow(groupId, member)),
        position: row[16],
      };
    });
}

export function prepareHaltedGroups(database: DatabaseSync): () => readonly HaltedGroup[] {
  const query = prepareQuery<readonly [string, number, string]>(
    database,
    'SELECT group_id, halted_at, halt_reason FROM groups WHERE halted_at IS NOT NULL ORDER BY halted_at',
  );
  return () => query.all().map(([groupId, position, reason]) => ({ groupId, position, reason }));
}
