import type { GroupEvent, ReadsEvent } from '../../src/events/event.ts';
import type { MessageSent } from '../../src/events/messages.ts';
import type { Role } from '../../src/events/values.ts';

/** Literal events, in the fewest words that say what matters of them. */

export const created = (name = 'Lunch'): GroupEvent => ({ type: 'GroupCreated', data: { groupId: 'lunch', name } });

/** People under their own ids, each with a role: `{ ada: 'owner', bob: 'member' }`. */
export function added(people: Readonly<Record<string, Role>>, memberCount: number, afterSeq = 0): GroupEvent {
  const members = Object.entries(people).map(([userId, role]) => ({ userId, name: userId, role }));
  return { type: 'MembersAdded', data: { members, afterSeq, memberCount } };
}

export const left = (userId: string, memberCount: number, afterSeq = 0): GroupEvent => ({
  type: 'MemberLeft',
  data: { userId, afterSeq, memberCount },
});

export const removed = (userId: string, memberCount: number, afterSeq = 0): GroupEvent => ({
  type: 'MemberRemoved',
  data: { userId, afterSeq, memberCount },
});

export const sent = (seq: number, authorId: string, more: Partial<MessageSent['data']> = {}): GroupEvent => ({
  type: 'MessageSent',
  data: {
    messageId: `m-${seq}`,
    seq,
    authorId,
    text: `message ${seq}`,
    replyTo: null,
    mentions: [],
    mentionsAll: false,
    audienceCount: 3,
    ...more,
  },
});

export const edited = (seq: number, text: string, mentionsAll = false): GroupEvent => ({
  type: 'MessageEdited',
  data: { messageId: `m-${seq}`, seq, text, mentionsAll },
});

export const deleted = (seq: number): GroupEvent => ({ type: 'MessageDeleted', data: { messageId: `m-${seq}`, seq } });

export const reacted = (seq: number, userId: string, emoji = '👍'): GroupEvent => ({
  type: 'ReactionAdded',
  data: { messageId: `m-${seq}`, seq, userId, emoji },
});

export const unreacted = (seq: number, userId: string, emoji = '👍'): GroupEvent => ({
  type: 'ReactionRemoved',
  data: { messageId: `m-${seq}`, seq, userId, emoji },
});

export const readUpTo = (userId: string, upTo: number, groupId = 'lunch'): ReadsEvent => ({
  type: 'ReadUpTo',
  data: { groupId, userId, upTo },
});

/** A group of an owner, an admin and two members. */
export const lunch: readonly GroupEvent[] = [
  created(),
  added({ ada: 'owner', bob: 'admin', cleo: 'member', dan: 'member' }, 4),
];
