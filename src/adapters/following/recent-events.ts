import { stringBytes } from '../../memory/string-bytes.ts';
import { type Position, type RecordedEvent, startOfLog } from '../../ports/event-log.ts';

/** What is kept of the newest events for those who follow: past either bound the oldest go, and are read again. */
const production = { maximumEvents: 10_000, maximumBytes: 16 * 1024 * 1024 };
export type RecentBounds = typeof production;
/** Of an event besides its data and metadata: the object, its id, its names and its place in the array. Measured. */
const eventBytes = 400;

/**
 * The newest end of the log, without a gap and bounded in bytes and in events. It is shared by all who follow the log in
 * this thread: a follower has no queue of its own but asks for what comes after its position, so a slow one costs no
 * memory and holds back nobody.
 */
export interface RecentEvents {
  /** Every event after this position has come in, up to `newest`, and is here. */
  coveredAfter(): Position;
  /** The newest position that has come in. */
  newest(): Position;
  /** Of what is kept, as it is weighed against the bound. */
  byteLength(): number;
  /**
   * Takes events in the log's order, between which and the position `after` there is nothing in the log. Where that is
   * beyond `newest` something is missing, and what was kept before is let go. Those that have come in before are left out.
   */
  add(events: readonly RecordedEvent[], after: Position): void;
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
  readonly bytes: number;
}

export function createRecentEvents({ maximumEvents, maximumBytes }: RecentBounds = production): RecentEvents {
  let batches: RecentBatch[] = [];
  let count = 0;
  let bytes = 0;
  let coveredAfter: Position = startOfLog;
  let newest: Position = startOfLog;

  function restart(position: Position): void {
    batches = [];
    count = 0;
    bytes = 0;
    coveredAfter = position;
    newest = position;
  }

  function add(arrived: readonly RecordedEvent[], after: Position): void {
    if (after > newest) restart(after);
    const events = inOrder(arrived, newest);
    const last = events.at(-1);
    if (last === undefined) return;
    const added = events.reduce((sum, event) => sum + bytesOf(event), 0);
    batches.push({ events, after: newest, last: last.position, bytes: added });
    count += events.length;
    bytes += added;
    newest = last.position;
    while (count > maximumEvents || bytes > maximumBytes) {
      const oldest = batches.shift();
      if (oldest === undefined) break;
      count -= oldest.events.length;
      bytes -= oldest.bytes;
      coveredAfter = oldest.last;
    }
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
    byteLength: () => bytes,
    add,
    eventsAfter,
    restart,
  };
}

const bytesOf = ({ data, metadata }: RecordedEvent): number => eventBytes + stringBytes(data) + stringBytes(metadata);

/** Those after `position`, each after the one before it: a subscription that was resumed brings some events again. */
function inOrder(arrived: readonly RecordedEvent[], position: Position): readonly RecordedEvent[] {
  let end = position;
  const isNext = (event: RecordedEvent): boolean => {
    if (event.position <= end) return false;
    end = event.position;
    return true;
  };
  if (arrived.every(isNext)) return arrived;
  end = position;
  return arrived.filter(isNext);
}
