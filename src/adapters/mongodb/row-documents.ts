import type { Position } from '../../ports/event-log.ts';
import type { GroupRow, MemberRow, MessageRow, Stay } from '../../ports/read-models.ts';
import type {
  ChangedRow,
  MemberMarks,
  Mention,
  MentionOfAll,
  StoredCommand,
  StoredGroup,
  StoredMember,
  StoredMessage,
  StoredReaction,
  StoredReactionCounts,
} from '../../ports/row-store.ts';
import { searchWords } from '../../ports/search-words.ts';
import {
  type CommandDocument,
  type GroupDocument,
  idOf,
  type MarkDocument,
  type MemberState,
  type MembershipDocument,
  type MentionDocument,
  type MentionOfAllDocument,
  type MessageDocument,
  type MessageState,
  type ReactionCountsDocument,
  type ReactionCountsState,
  type ReactionDocument,
  type ReactionState,
} from './documents.ts';

/** A changed row as the document that the batch writes; `isNew` where none was there as the group was last committed. */
export interface Put<Document> {
  readonly document: Document;
  readonly isNew: boolean;
}

const memberState = ({ name, role, active, joinedAt, stays, markedUpTo, position }: StoredMember): MemberState => ({
  ...{ name, role, active, joinedAt, stays, markedUpTo, position },
});
const messageState = ({ text, mentionsAll, editedAt, deletedAt, sentHash, position }: StoredMessage): MessageState => ({
  ...{ text, mentionsAll, editedAt, deletedAt, sentHash, position },
});
const reactionState = ({ present, position }: StoredReaction): ReactionState => ({ present, position });
const reactionCountsState = ({ counts, position }: StoredReactionCounts): ReactionCountsState => ({ counts, position });

export const memberId = ({ groupId, userId }: Pick<StoredMember, 'groupId' | 'userId'>): string =>
  idOf(groupId, userId);
export const messageId = ({ groupId, seq }: Pick<StoredMessage, 'groupId' | 'seq'>): string => idOf(groupId, seq);
export const reactionId = ({ groupId, seq, userId, emoji }: Omit<StoredReaction, 'present' | 'position'>): string =>
  idOf(groupId, seq, userId, emoji);

export function putMember(row: ChangedRow<StoredMember>, batch: number): Put<MembershipDocument> {
  return put(memberId(row.after), row, batch, memberState);
}

export function putMessage(row: ChangedRow<StoredMessage>, batch: number): Put<MessageDocument> {
  const { document, isNew } = put(messageId(row.after), row, batch, messageState);
  // Those of the text before too: until the group is committed the message is found by them.
  const words = new Set([...searchWords(row.after.text ?? ''), ...searchWords(row.before?.text ?? '')]);
  return { document: { ...document, words: [...words] }, isNew };
}

export function putReaction(row: ChangedRow<StoredReaction>, batch: number): Put<ReactionDocument> {
  return put(reactionId(row.after), row, batch, reactionState);
}

export function putReactionCounts(row: ChangedRow<StoredReactionCounts>, batch: number): Put<ReactionCountsDocument> {
  return put(messageId(row.after), row, batch, reactionCountsState);
}

function put<Row extends { readonly position: Position }, State>(
  _id: string,
  { before, after }: ChangedRow<Row>,
  batch: number,
  stateOf: (row: Row) => State,
): Put<Row & { _id: string; batch: number; previous: State | null }> {
  const previous = before === undefined ? null : stateOf(before);
  return { document: { ...after, _id, batch, previous }, isNew: before === undefined };
}

/** Moments are stored in one form, so that they compare as texts. */
export const toMarks = ({ userId, upTo, at }: MemberMarks, groupId: string): readonly MarkDocument[] =>
  upTo.map((seq, index) => ({
    ...{ _id: idOf(groupId, userId, seq), groupId, userId, upTo: seq },
    at: new Date(at[index] ?? 0).toISOString(),
  }));
export const toMention = (mention: Mention, groupId: string): MentionDocument => ({
  ...{ _id: idOf(mention.userId, mention.position), groupId, ...mention },
});
export const toMentionOfAll = (mention: MentionOfAll, groupId: string): MentionOfAllDocument => ({
  ...{ _id: idOf(groupId, mention.seq), groupId, ...mention },
});
export const toCommand = (command: StoredCommand, groupId: string): CommandDocument => ({
  ...{ _id: idOf(groupId, command.actorId, command.commandId), groupId, ...command },
});

/** What is stored beside a row goes, and the row is left. */
export function toStoredRow<
  Document extends { readonly _id: string; readonly batch: number; readonly previous: unknown },
>(document: Document): Omit<Document, '_id' | 'batch' | 'previous'> {
  const { _id, batch, previous, ...row } = document;
  return row;
}

export function toStoredMessage(document: MessageDocument): StoredMessage {
  const { words, ...row } = toStoredRow(document);
  return row;
}

export function toStoredGroup({ _id, uncounted, appliedTo, batch, previous, ...row }: GroupDocument): StoredGroup {
  return row;
}

/** Documents as readers' rows: the same fields, without those that only the adapter needs. */
export function toGroupRow(group: GroupDocument): GroupRow {
  const { groupId, name, createdAt, memberCount, lastSeq, lastMessageAt, version, readsVersion } = group;
  const { lastAt, creationHash } = group;
  const latest = { lastMessageAt, lastAt, creationHash };
  return { groupId, name, createdAt: createdAt ?? '', memberCount, lastSeq, ...latest, version, readsVersion };
}

export function toMemberRow(member: MembershipDocument): MemberRow {
  const { position, ...row } = toStoredRow(member);
  return row;
}

export function toMessageRow(message: MessageDocument): MessageRow {
  const { position, ...row } = toStoredMessage(message);
  return row;
}

export const isWithin = (stays: readonly Stay[], seq: number): boolean =>
  stays.some(({ from, to }) => seq > from && (to === null || seq <= to));
