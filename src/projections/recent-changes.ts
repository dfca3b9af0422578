import type { Position } from '../ports/event-log.ts';

/**
 * What events have changed of late, so that how things stood before can be told. Bounded: of two generations the older one
 * is let go whenever the newer one is full, which costs O(1) a change.
 */
export interface RecentChanges<Change> {
  /** In the order of the log. */
  note(position: Position, change: Change): void;
  /** The changes after a position, the newest first; undefined where some of them are forgotten. */
  since(position: Position): Iterable<Change> | undefined;
  /** How many are held. */
  size(): number;
}

interface Noted<Change> {
  readonly position: Position;
  readonly change: Change;
}

/** Everything is known of after `from`. */
export function createRecentChanges<Change>(from: Position, generationSize: number): RecentChanges<Change> {
  let newer: Noted<Change>[] = [];
  let older: Noted<Change>[] = [];
  let forgottenThrough = from;

  function* after(position: Position): Generator<Change> {
    for (const generation of [newer, older]) {
      for (let index = generation.length - 1; index >= 0; index -= 1) {
        const noted = generation[index];
        if (noted === undefined || noted.position <= position) return;
        yield noted.change;
      }
    }
  }

  return {
    note(position, change) {
      if (newer.length >= generationSize) {
        forgottenThrough = older.at(-1)?.position ?? forgottenThrough;
        older = newer;
        newer = [];
      }
      newer.push({ position, change });
    },
    since: (position) => (position < forgottenThrough ? undefined : after(position)),
    size: () => newer.length + older.length,
  };
}
