import { Map as PersistentMap, Set as PersistentSet } from 'immutable';
import { hashSent, hashText } from '../events/text-hash.ts';
import { ownString, stringBytes } from '../memory/string-bytes.ts';
import type { Position } from '../ports/event-log.ts';

/** Who stands behind each emoji under a message. No emoji without anybody. */
export type Reactions = PersistentMap<string, PersistentSet<string>>;

/**
 * What decisions look at of one message. Its text is not here: a warm state outlives it by hours, and to decide needs no
 * more than whether another text is the same. The newest text is in the message's row once the read models' checkpoint
 * has passed its events, and in the log always.
 */
export interface MessageState {
  readonly seq: number;
  readonly authorId: string;
  /** `hashText` of the newest text; empty once the message is deleted. */
  readonly textHash: string;
  readonly isDeleted: boolean;
  /** As it was sent. */
  readonly replyTo: string | null;
  readonly mentions: readonly string[];
  /** `hashSent` of what it said at first; undefined while it still does. */
  readonly sentHash: string | undefined;
  /** Where the log holds the message; undefined while it is decided and not yet appended. */
  readonly position: Position | undefined;
  readonly reactions: Reactions;
  /** About how many bytes of heap it takes, its key in the group's state included. */
  readonly byteLength: number;
}

/** A message that changed while the state did not hold it. Each change makes another one, so that changes can be told apart. */
export interface ForgottenMessage {
  readonly isForgotten: true;
}

export type MessageEntry = MessageState | ForgottenMessage;

/** Measured: an entry of a persistent map with its share of the nodes, the state's own fields, and its hash. */
const bytesPerMessage = 340;
const bytesPerMention = 8;
/** Measured: an entry of a persistent set with its share of the nodes. */
const bytesPerReaction = 130;
const bytesPerEmoji = 330;
/** Measured: an entry of a persistent map with its share of the nodes. */
const bytesPerForgottenMessage = 150;

export const messageEntryBytes = (messageId: string, entry: MessageEntry): number =>
  'isForgotten' in entry ? bytesPerForgottenMessage + stringBytes(messageId) : entry.byteLength;

export interface MessageContent {
  readonly messageId: string;
  readonly seq: number;
  readonly authorId: string;
  /** Null once deleted. */
  readonly text: string | null;
  readonly sentHash: string | undefined;
  readonly replyTo: string | null;
  readonly mentions: readonly string[];
  readonly position: Position | undefined;
}

export function messageState(content: MessageContent, reactions: Reactions = PersistentMap()): MessageState {
  const { messageId, seq, authorId, text, sentHash, position } = content;
  const replyTo = content.replyTo === null ? null : ownString(content.replyTo);
  const mentions = content.mentions.map(ownString);
  let byteLength = bytesPerMessage + stringBytes(messageId) + stringBytes(authorId);
  if (sentHash !== undefined) byteLength += stringBytes(sentHash);
  if (replyTo !== null) byteLength += stringBytes(replyTo);
  for (const userId of mentions) byteLength += bytesPerMention + stringBytes(userId);
  for (const [emoji, people] of reactions) {
    byteLength += bytesPerEmoji + stringBytes(emoji);
    for (const userId of people) byteLength += bytesPerReaction + stringBytes(userId);
  }
  const textHash = text === null ? '' : hashText(text);
  const isDeleted = text === null;
  return { seq, authorId, textHash, isDeleted, sentHash, replyTo, mentions, position, reactions, byteLength };
}

/** `hashSent` of what the message said at first, whatever has become of it since. */
export const sentHashOf = (message: MessageState): string => message.sentHash ?? hashSent(message);

/** The message with another text, or deleted. What it said at first is still known. */
export function withText(message: MessageState, text: string | null): MessageState {
  const sentHash = sentHashOf(message);
  const textHash = text === null ? '' : hashText(text);
  const byteLength = message.byteLength + (message.sentHash === undefined ? stringBytes(sentHash) : 0);
  return { ...message, textHash, sentHash, isDeleted: text === null, byteLength };
}

export const hasReacted = ({ reactions }: MessageState, emoji: string, userId: string): boolean =>
  reactions.get(emoji)?.has(userId) ?? false;

/** O(log n) in the number of people who have reacted. */
export function withReaction(message: MessageState, emoji: string, userId: string): MessageState {
  const people = message.reactions.get(emoji);
  if (people?.has(userId)) return message;
  const own = { emoji: ownString(emoji), userId: ownString(userId) };
  const reactions = message.reactions.set(own.emoji, (people ?? PersistentSet()).add(own.userId));
  const more = bytesPerReaction + stringBytes(userId) + (people === undefined ? bytesPerEmoji + stringBytes(emoji) : 0);
  return { ...message, reactions, byteLength: message.byteLength + more };
}

export function withoutReaction(message: MessageState, emoji: string, userId: string): MessageState {
  const people = message.reactions.get(emoji);
  if (!people?.has(userId)) return message;
  const left = people.delete(userId);
  const reactions = left.size === 0 ? message.reactions.delete(emoji) : message.reactions.set(emoji, left);
  const less = bytesPerReaction + stringBytes(userId) + (left.size === 0 ? bytesPerEmoji + stringBytes(emoji) : 0);
  return { ...message, reactions, byteLength: message.byteLength - less };
}
