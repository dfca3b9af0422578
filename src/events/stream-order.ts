import { UndecodableEvent } from './codec.ts';

/** What stands before the event is not known. */
export class VersionMissing extends UndecodableEvent {
  /** The first that is missing. */
  readonly version: number;

  constructor(version: number, found: string) {
    super(found);
    this.version = version;
  }
}

/**
 * Versions of a stream follow each other without gaps. Where one is missing, what comes after it says nothing: a group
 * without its beginning, or without something in between, is another group. It is so where a store was told to let go of
 * what is old, and as unreadable as an event that does not decode. Throws VersionMissing.
 */
export function requireNextVersion(
  { streamName, version }: { readonly streamName: string; readonly version: number },
  expected: number,
): void {
  if (version === expected) return;
  const missing = version - 1 > expected ? `versions ${expected} to ${version - 1}` : `version ${expected}`;
  const found =
    expected === 0
      ? `the log holds ${streamName} only from version ${version} on`
      : `the log misses ${missing} of ${streamName}`;
  throw new VersionMissing(expected, found);
}
