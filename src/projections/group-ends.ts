import { noStream } from '../ports/event-log.ts';
import type { StoredGroup } from '../ports/row-store.ts';
import type { ProjectedRows } from './projected-rows.ts';

/** How far a group's two streams are in its rows, its newest message there, and the latest moment of one. */
export type GroupEnd = Pick<StoredGroup, 'groupId' | 'version' | 'readsVersion' | 'lastSeq' | 'lastMessageAt'>;

/** How far groups are projected, by id. */
export interface GroupEnds {
  /** Reads those that are not known. Throws what the read models throw. */
  load(groupIds: Iterable<string>): Promise<void>;
  /** As of what was loaded and set since; that of a group without rows where nothing is known. */
  of(groupId: string): GroupEnd;
  set(end: GroupEnd): void;
  /** The rows alone know: has it read again. */
  forget(groupId: string): void;
}

/** Past this many all are let go: a group costs one look into the rows to be known again. */
const maximumKnown = 200_000;

export function createGroupEnds(rows: Pick<ProjectedRows, 'groups'>): GroupEnds {
  const known = new Map<string, GroupEnd>();
  return {
    async load(groupIds) {
      if (known.size > maximumKnown) known.clear();
      const unknown = [...groupIds].filter((groupId) => !known.has(groupId));
      if (unknown.length === 0) return;
      for (const { groupId, version, readsVersion, lastSeq, lastMessageAt } of await rows.groups(unknown)) {
        known.set(groupId, { groupId, version, readsVersion, lastSeq, lastMessageAt });
      }
    },
    of: (groupId) =>
      known.get(groupId) ?? {
        groupId,
        version: noStream,
        readsVersion: noStream,
        lastSeq: 0,
        lastMessageAt: null,
      },
    set: (end) => void known.set(end.groupId, end),
    forget: (groupId) => void known.delete(groupId),
  };
}
