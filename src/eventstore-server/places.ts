import type { Position } from '../ports/event-log.ts';

/**
 * A place in the log as the protocol says it. All events of ours have a commit equal to their prepare; a place with a
 * smaller prepare stands right before the event at its commit.
 */
export interface Place {
  readonly commit: number;
  readonly prepare: number;
}

/** The protocol has no place before 0, so that the log's positions, whose first is 0, are one less than its places. */
const firstCommit = 1;

/** The place of the event at a position. */
export function placeOf(position: Position): Place {
  const commit = position + firstCommit;
  return { commit, prepare: commit };
}

/** The place right before whatever comes next after a position. */
export function placeAfter(position: Position): Place {
  return { commit: position + firstCommit + 1, prepare: 0 };
}

/** The position whose event stands at the place, or right behind it. */
export function positionOf({ commit }: Place): Position {
  return commit - firstCommit;
}

/** The newest position that is not after the place. */
export function positionUpTo({ commit, prepare }: Place): Position {
  return commit - firstCommit - (prepare < commit ? 1 : 0);
}
