import { z } from 'zod';
import { ApiError } from './error-table.ts';

/**
 * A cursor is opaque and bound to the list it came from: it holds the list's name and the key of its row, nothing that
 * gives a right. One of another list, or one that was tampered with, is BAD_INPUT.
 */
export function encodeCursor(list: string, key: string | number): string {
  return Buffer.from(JSON.stringify([list, key])).toString('base64url');
}

/** A search's, of an id and a text at their longest, is the longest that is given out. */
const maximumCursorLength = 4_096;

const cursorOfNumber = z.tuple([z.string(), z.int().min(0)]);
const cursorOfText = z.tuple([z.string(), z.string().max(256)]);

export function decodeNumberCursor(list: string, cursor: string | null | undefined): number | undefined {
  return decode(cursorOfNumber, list, cursor);
}

export function decodeTextCursor(list: string, cursor: string | null | undefined): string | undefined {
  return decode(cursorOfText, list, cursor);
}

function decode<Key>(
  schema: z.ZodType<[string, Key]>,
  list: string,
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
  const parsed = schema.safeParse(json);
  if (!parsed.success || parsed.data[0] !== list) throw malformed();
  return parsed.data[1];
}

const malformed = (): ApiError => new ApiError('BAD_INPUT', 'The cursor is malformed, or of another list.');
