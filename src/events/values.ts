import { z } from 'zod';
import { canonicalEmoji } from './emoji.ts';

/**
 * The identifiers and values that events are made of. Their limits are part of the storage format: they hold on the way
 * into the log and out of it. Each is what some part of the code can bear, and far beyond what a command may write, so
 * that whatever was ever written still decodes; policy over what people write is in commands/limits.ts.
 */

export const maximumIdLength = 128;

/** Printable, without spaces: an id is part of stream names, cursors and log lines. */
const idPattern = /^[^\s\p{C}]+$/u;
const idSchema = z.string().min(1).max(maximumIdLength).regex(idPattern);

export const groupIdSchema = idSchema;
export const userIdSchema = idSchema;
export const messageIdSchema = idSchema;

export const isId = (text: string): boolean => text.length <= maximumIdLength && idPattern.test(text);

/** An id of printable ASCII, as nearly all are. */
const everydayId = /^[!-~]+$/;
export const isEverydayId = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= maximumIdLength && everydayId.test(value);

export const roles = ['owner', 'admin', 'member'] as const;
export type Role = (typeof roles)[number];
export const roleSchema = z.enum(roles);

/** A store may keep a group and a seq in one integer that JavaScript holds exactly: 28 bits are for the seq. */
export const maximumSeq = 2 ** 28 - 1;
/** A message's place in its group: 1, 2, 3, … without gaps. */
export const seqSchema = z.int().min(1).max(maximumSeq);
/** A place in a group before, at or after its messages: 0 is before the first. */
export const seqOrZeroSchema = z.int().min(0).max(maximumSeq);
/** Counts are kept, stored and answered as signed integers of 32 bits. */
export const maximumCount = 2 ** 31 - 1;
export const memberCountSchema = z.int().min(0).max(maximumCount);

/**
 * A message's text with its words and the text before it is one document of at most 16 MiB, and one frame to each
 * subscriber, who is cut off with 8 MiB waiting. In UTF-16 units, as all lengths here.
 */
export const maximumTextLength = 2 ** 18;
export const textSchema = z.string().max(maximumTextLength);
/** Names of groups, people and files: as many as an event names must fit into an append, and all members of a page into an answer. */
export const nameSchema = z.string().max(4_096);
/** An emoji is part of a reaction's key, so it is read in its one form, whichever form was written. */
export const emojiSchema = z.string().min(1).max(256).overwrite(canonicalEmoji);
/** Each mention is a row of its own, and all of an event are written together. */
export const mentionsSchema = z.array(userIdSchema).max(10_000);

/** A moment: ISO 8601, UTC, milliseconds; the years 0000 to 9999, all of which a Date holds. */
export const momentSchema = z.iso.datetime().max(40);
