import { createHash } from 'node:crypto';

/**
 * A UUID (version 8, RFC 9562) that is a function of its parts. An event's id is derived from the id that the client
 * chose for its command, so that a retried command appends the same event and the store recognises it.
 */
export function deriveId(...parts: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  const variant = ((Number.parseInt(hash.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-${variant}${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}
