import { hash } from 'node:crypto';

/**
 * A UUID (version 8, RFC 9562) that is a function of its parts. An event's id is derived from the id that the client
 * chose for its command, so that a retried command appends the same event and the store recognises it.
 */
export function deriveId(...parts: readonly string[]): string {
  const hex = hash('sha256', JSON.stringify(parts), 'hex');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
