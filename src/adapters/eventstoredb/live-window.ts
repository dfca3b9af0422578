import { type Position, type RecordedEvent, startOfLog } from '../../ports/event-log.ts';

/** What is kept of the newest events for those who follow: past either bound the oldest go, and are read again. */
const maximumRecentEvents = 10_000;
const maximumRecentCharacters = 8 * 1024 * 1024;

/**
 * The newest end of the log, shared by all who follow it in this process. A follower has no queue of its own: it asks for
 * what comes after its position, so a slow one costs no memory and holds back nobody.
 */
export interface LiveWindow {
  /** Every event after this position has come in, up to `newest`, and is here. */
  coveredAfter(): Position;
  /** The newest position that has come in. */
  newest(): Position;
  /** Takes events in the log's order; those that have come in before are left out. Says whether any were new. */
  add(events: readonly RecordedEvent[]): boolean;
  /** The events right after `position`, in an array shared by all; undefined where there are none, or none any more. */
  eventsAfter(position: Position): readonly RecordedEvent[] | undefined;
  /** Forgets everything, and covers from now on what comes after `position`. */
  restart(position: Position): void;
}

interface RecentBatch {
  readonly events: readonly RecordedEvent[];
  /** The position before its first event. */
  readonly after: Position;
  readonly last: Position;
  readonly characters: number;
}

export function createLiveWindow(): LiveWindow {
  let batches: RecentBatch[] = [];
  let count = 0;
  let characters = 0;
  let coveredAfter: Position = startOfLog;
  let newest: Position = startOfLog;

  function add(arrived: readonly RecordedEvent[]): boolean {
    const events = inOrder(arrived, newest);
    const last = events.at(-1);
    if (last === undefined) return false;
    const size = events.reduce((sum, event) => sum + event.data.length + event.metadata.length, 0);
    batches.push({ events, after: newest, last: last.position, characters: size });
    count += events.length;
    characters += size;
    newest = last.position;
    while (count > maximumRecentEvents || characters > maximumRecentCharacters) {
      const oldest = batches.shift();
      if (oldest === undefined) break;
      count -= oldest.events.length;
      characters -= oldest.characters;
      coveredAfter = oldest.last;
    }
    return true;
  }

  function eventsAfter(position: Position): readonly RecordedEvent[] | undefined {
    if (position < coveredAfter || position >= newest) return undefined;
    const batch = batches.findLast(({ after }) => after <= position);
    if (batch === undefined) return undefined;
    return batch.after === position ? batch.events : batch.events.filter((event) => event.position > position);
  }

  return {
    coveredAfter: () => coveredAfter,
    newest: () => newest,
    add,
    eventsAfter,
    restart: (position) => {
      batches = [];
      count = 0;
      characters = 0;
      coveredAfter = position;
      newest = position;
    },
  };
}

/** Those after `position`, each after the one before it: a subscription that was resumed brings some events again. */
function inOrder(arrived: readonly RecordedEvent[], position: Position): readonly RecordedEvent[] {
  let end = position;
  const events = arrived.filter((event) => {
    if (event.position <= end) return false;
    end = event.position;
    return true;
  });
  return events.length === arrived.length ? arrived : events;
}
