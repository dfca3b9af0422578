import type { GroupRow, MemberRow, MessageRow, Stay } from '../../ports/read-models.ts';
import type { GroupDocument, MembershipDocument, MessageDocument } from './documents.ts';

/** Documents as the port's rows: the same fields, without those that only the adapter needs. */
export function toGroupRow(group: GroupDocument): GroupRow {
  const { _id, name, createdAt, memberCount, lastSeq, lastMessageAt, version, readsVersion } = group;
  const shown = createdAt ?? '';
  return { groupId: _id, name, createdAt: shown, memberCount, lastSeq, lastMessageAt, version, readsVersion };
}

export function toMemberRow(member: MembershipDocument): MemberRow {
  const { groupId, userId, name, role, active, joinedAt, stays, markedUpTo } = member;
  return { groupId, userId, name, role, active, joinedAt, stays, markedUpTo };
}

export function toMessageRow(message: MessageDocument): MessageRow {
  const { groupId, messageId, seq, authorId, text, sentAt, editedAt, deletedAt, replyTo } = message;
  const { mentions, mentionsAll, audienceCount, sentPosition } = message;
  const places = { groupId, messageId, seq, authorId, text, sentAt, editedAt, deletedAt, replyTo };
  return { ...places, mentions, mentionsAll, audienceCount, sentPosition };
}

export const isWithin = (stays: readonly Stay[], seq: number): boolean =>
  stays.some(({ from, to }) => seq > from && (to === null || seq <= to));
