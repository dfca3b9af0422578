/**
 * What is kept for long is weighed in bytes of V8's heap, and holds strings of its own. The constants of those who weigh
 * are measured: test/memory fills each cache to its bound and compares with the heap.
 */

const headerBytes = 16;
const wordBytes = 8;

/** Bytes of heap that a string of its own takes: one a character, or two where any is beyond Latin-1. */
export function stringBytes(text: string): number {
  const bytes = headerBytes + text.length * (/[\u0100-\uffff]/.test(text) ? 2 : 1);
  return Math.ceil(bytes / wordBytes) * wordBytes;
}

/** V8 copies what is cut out of a string, or put together of several, where it is shorter than this. */
const shortestPiece = 13;

/**
 * The same text as a string of its own. A piece that was cut out of a longer string, such as an id written into a GraphQL
 * document, keeps all of that string in memory for as long as it is kept itself.
 */
export function ownString(text: string): string {
  if (text.length < shortestPiece) return text;
  return JSON.parse(JSON.stringify(text)) as string;
}
