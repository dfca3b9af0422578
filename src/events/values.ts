import { z } from 'zod';

/** The identifiers and values that events are made of. Their limits are part of the storage format. */

export const maximumIdLength = 128;

/** Printable, without spaces: an id is part of stream names, cursors and log lines. */
const idPattern = /^[^\s\p{C}]+$/u;

export const groupIdSchema = z.string().min(1).max(maximumIdLength).regex(idPattern);
export const userIdSchema = z.string().min(1).max(maximumIdLength).regex(idPattern);
export const messageIdSchema = z.string().min(1).max(maximumIdLength).regex(idPattern);

export const roles = ['owner', 'admin', 'member'] as const;
export type Role = (typeof roles)[number];
export const roleSchema = z.enum(roles);

/** A message's place in its group: 1, 2, 3, … without gaps. */
export const seqSchema = z.int().min(1);
/** A place in a group before, at or after its messages: 0 is before the first. */
export const seqOrZeroSchema = z.int().min(0);
export const memberCountSchema = z.int().min(0);
/** A moment: ISO 8601, UTC, milliseconds. */
export const momentSchema = z.iso.datetime();
