import { z } from 'zod';
import { ApiError } from './error-table.ts';

/**
 * What a list is called in its cursors: its kind, and whatever it is the list of. As parts, so that no id and no text that
 * somebody has chosen makes two lists one.
 */
export type ListName = readonly [kind: string, ...of: (string | number | null)[]];

/**
 * A cursor is opaque and bound to the list it came from: it holds the list's name and the key of its row, nothing that
 * gives a right. One of another list, or one that was tampered with, is refused.
 */
export function encodeCursor(list: ListName, key: string | number): string {
  return Buffer.from(JSON.stringify([...list, key])).toString('base64url');
}

/** A search's, of an id and a text at their longest, is the longest that is given out. */
const maximumCursorLength = 4_096;

const numberKey = z.int().min(0);
const textKey = z.string().max(256);

export function decodeNumberCursor(list: ListName, cursor: string | null | undefined): number | undefined {
  return decode(numberKey, list, cursor);
}

export function decodeTextCursor(list: ListName, cursor: string | null | undefined): string | undefined {
  return decode(textKey, list, cursor);
}

function decode<Key extends string | number>(
  schema: z.ZodType<Key>,
  list: ListName,
  cursor: string | null | undefined,
): Key | undefined {
  if (cursor === undefined || cursor === null) return undefined;
  if (cursor.length > maximumCursorLength) throw malformed();
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw malformed();
  }
  const key = schema.safeParse(Array.isArray(json) ? json.at(-1) : undefined);
  // Written again it is the same, or it was not written here.
  if (!key.success || encodeCursor(list, key.data) !== cursor) throw malformed();
  return key.data;
}

const malformed = (): ApiError => new ApiError('CURSOR_INVALID', 'The cursor is malformed, or of another list.');
