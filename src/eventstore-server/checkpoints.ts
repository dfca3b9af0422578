import { type Position, startOfLog } from '../ports/event-log.ts';
import type { EventFilter } from './filter.ts';
import { type Place, placeAfter, placeOf } from './places.ts';

/** Where a filtered subscription may be resumed, however seldom its filter matches. */
export interface Checkpoints {
  /** To be called for every event in the log's order, after it was sent if it matched. */
  considered(position: Position, matched: boolean): Place | undefined;
  /** From now on events come one by one. */
  caughtUp(): void;
}

/**
 * As an EventStoreDB 23.10 does it. Until it has caught up it looks through the log a window at a time, counts whole
 * windows, and says the place of the window's last match, or where it had none, the place at which it began. Afterwards
 * it counts events and says the place of the last one.
 *
 * At the start of its log stands an event of EventStoreDB's own that nobody is shown. Its windows count that one, so it is
 * counted here, too: checkpoints then fall at the same events.
 */
export function createCheckpoints(
  { window, checkpointInterval }: EventFilter,
  from: 'start' | 'end' | { readonly after: Position },
): Checkpoints {
  let live = from === 'end';
  let inWindow = from === 'start' ? 1 : 0;
  let windowStart = typeof from === 'object' ? placeAfter(from.after) : placeOf(startOfLog);
  let counted = 0;
  let lastMatch: Position = startOfLog;

  const isDue = (): boolean => {
    if (counted < checkpointInterval) return false;
    counted %= checkpointInterval;
    return true;
  };

  function windowEnds(position: Position): Place | undefined {
    counted += inWindow;
    inWindow = 0;
    const due = isDue() ? furtherOn(placeOf(lastMatch), windowStart) : undefined;
    windowStart = placeAfter(position);
    return due;
  }

  return {
    considered: (position, matched) => {
      if (matched) lastMatch = position;
      if (live) {
        counted += 1;
        return isDue() ? placeOf(position) : undefined;
      }
      inWindow += 1;
      return inWindow >= window ? windowEnds(position) : undefined;
    },
    caughtUp: () => {
      counted += inWindow;
      inWindow = 0;
      live = true;
    },
  };
}

const furtherOn = (a: Place, b: Place): Place => (a.commit >= b.commit ? a : b);
