import type { Map as PersistentMap } from 'immutable';
import { ownString } from '../memory/string-bytes.ts';

/** Some of what a group's state remembers, weighed. Two generations are held of each kind, see remember.ts. */
export interface Generation<Entry> {
  readonly byId: PersistentMap<string, Entry>;
  /** About how many bytes of heap they take. */
  readonly byteLength: number;
}

/** With the entry in it. `bytes` says what one takes together with its id. */
export function withEntry<Entry>(
  { byId, byteLength }: Generation<Entry>,
  id: string,
  entry: Entry,
  bytes: (id: string, entry: Entry) => number,
): Generation<Entry> {
  const standing = byId.get(id);
  if (standing === undefined) {
    return { byId: byId.set(ownString(id), entry), byteLength: byteLength + bytes(id, entry) };
  }
  return { byId: byId.set(id, entry), byteLength: byteLength + bytes(id, entry) - bytes(id, standing) };
}
