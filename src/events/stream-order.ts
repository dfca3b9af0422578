import { UndecodableEvent } from './codec.ts';

/**
 * Versions of a stream follow each other without gaps. Where one is missing, what comes after it says nothing: a group
 * without its beginning, or without something in between, is another group. It is so where a store was told to let go of
 * what is old, and as unreadable as an event that does not decode. Throws UndecodableEvent.
 */
export function requireNextVersion(
  { streamName, version }: { readonly streamName: string; readonly version: number },
  expected: number,
): void {
  if (version === expected) return;
  if (expected === 0) throw new UndecodableEvent(`the log holds ${streamName} only from version ${version} on`);
  const missing = version - 1 > expected ? `versions ${expected} to ${version - 1}` : `version ${expected}`;
  throw new UndecodableEvent(`the log misses ${missing} of ${streamName}`);
}
