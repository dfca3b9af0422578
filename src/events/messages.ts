import { z } from 'zod';
import { defineEvent, type EventOf } from './define-event.ts';
import {
  emojiSchema,
  memberCountSchema,
  mentionsSchema,
  messageIdSchema,
  seqSchema,
  textSchema,
  userIdSchema,
} from './values.ts';

export const messageSent = defineEvent(
  'MessageSent',
  z.object({
    messageId: messageIdSchema,
    seq: seqSchema,
    authorId: userIdSchema,
    text: textSchema,
    replyTo: messageIdSchema.nullable(),
    mentions: mentionsSchema,
    mentionsAll: z.boolean(),
    audienceCount: memberCountSchema,
  }),
);
/**
 * A message is the group's `seq`-th. Its audience, fixed for ever, is the members at this moment without the author;
 * `audienceCount` says how many. Sending also moves the author's own mark to `seq`.
 */
export type MessageSent = EventOf<typeof messageSent>;

export const messageEdited = defineEvent(
  'MessageEdited',
  z.object({ messageId: messageIdSchema, seq: seqSchema, text: textSchema, mentionsAll: z.boolean().nullable() }),
  [(data: object) => ({ ...data, mentionsAll: null })],
);
/**
 * The message reads `text` from here on, and mentions everybody or not: as before where that is null. Whom it names, its
 * audience and readers stay as they were.
 */
export type MessageEdited = EventOf<typeof messageEdited>;

export const messageDeleted = defineEvent('MessageDeleted', z.object({ messageId: messageIdSchema, seq: seqSchema }));
/** The message's text is shown to nobody from here on. It keeps its place and its count. */
export type MessageDeleted = EventOf<typeof messageDeleted>;

const reaction = z.object({
  messageId: messageIdSchema,
  seq: seqSchema,
  userId: userIdSchema,
  emoji: emojiSchema,
});

export const reactionAdded = defineEvent('ReactionAdded', reaction);
/** A member's reaction stands under a message. */
export type ReactionAdded = EventOf<typeof reactionAdded>;

export const reactionRemoved = defineEvent('ReactionRemoved', reaction);
/** A member took a reaction back. */
export type ReactionRemoved = EventOf<typeof reactionRemoved>;
