import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { ReadModelsUnavailable, type ReadModelWriter } from '../ports/read-models.ts';
import { readCountRanges } from './read-count-ranges.ts';

/** The time, and a way to be called later; a test brings its own. */
export interface ProjectionClock {
  /** Milliseconds that only grow; where they start does not matter. */
  now(): number;
  /** Calls back once, after so many milliseconds, unless the returned function is called before. */
  after(milliseconds: number, callback: () => void): () => void;
}

export const systemClock: ProjectionClock = {
  now: () => performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};

export interface StoredReadCountsOptions {
  readonly writer: ReadModelWriter;
  /** The counts of a group with more than 100 members are stored at most this often. */
  readonly heavyIntervalMilliseconds?: number | undefined;
  readonly clock?: ProjectionClock | undefined;
  /** The read models could not be written to; it is tried again. */
  readonly onFault?: ((error: ReadModelsUnavailable) => void) | undefined;
}

export interface StoredReadCounts {
  /** Everything up to the log's end is applied: stores what an earlier run or the catching up has left to be counted. */
  begin(): void;
  /** A message or a mark of the group was applied. Before `begin` nothing need be said. */
  changed(groupId: string): void;
  /** Ends after what is under way. */
  stop(): Promise<void>;
}

const smallGroupMembers = 100;
const defaultHeavyIntervalMilliseconds = 30_000;
const retryMilliseconds = 1_000;
const groupsPerRead = 500;

/**
 * Writes the aggregated counts into the read models, for readers that are not this process: those of a small group at
 * once, those of a heavy one every so often. They are computed from the member rows as of the checkpoint, one group at a
 * time, and other work goes on between two groups. What a crash leaves uncounted, the rows themselves tell.
 *
 * `onFailure` is told what trying again cannot mend.
 */
export function createStoredReadCounts(
  options: StoredReadCountsOptions,
  onFailure: (error: unknown) => void,
): StoredReadCounts {
  const { writer, heavyIntervalMilliseconds = defaultHeavyIntervalMilliseconds, clock = systemClock } = options;
  const waiting = new Set<string>();
  /** When a heavy group's counts may be stored again. */
  const dueAt = new Map<string, number>();
  let begun = false;
  let listed = false;
  let stopped = false;
  let running: Promise<void> | undefined;
  let again = false;
  let cancelTimer = (): void => {};

  async function store(groupId: string): Promise<void> {
    const snapshot = await writer.groupSnapshot(groupId);
    if (snapshot === undefined) return;
    const { group, members, position } = snapshot;
    await writer.storeReadCounts(groupId, position, readCountRanges(members, group.lastSeq));
    if (group.memberCount > smallGroupMembers) dueAt.set(groupId, clock.now() + heavyIntervalMilliseconds);
    else dueAt.delete(groupId);
  }

  async function listUncounted(): Promise<void> {
    for (let after: string | undefined; !listed && !stopped; ) {
      const page = await writer.groupsToCount(after, groupsPerRead);
      for (const groupId of page) waiting.add(groupId);
      after = page.at(-1);
      listed = page.length < groupsPerRead;
    }
  }

  /** Stores what is due and says when the next is; a group that changes meanwhile comes round again. */
  async function storeDue(): Promise<number> {
    await listUncounted();
    let next = Number.POSITIVE_INFINITY;
    for (const groupId of waiting) {
      if (stopped) break;
      const due = dueAt.get(groupId) ?? Number.NEGATIVE_INFINITY;
      if (due > clock.now()) {
        next = Math.min(next, due);
        continue;
      }
      // Taken out first: a change that comes while it is being counted puts it back.
      waiting.delete(groupId);
      await store(groupId).catch((error: unknown) => {
        waiting.add(groupId);
        throw error;
      });
      await yieldToOthers();
    }
    return next;
  }

  async function run(): Promise<void> {
    cancelTimer();
    let next: number;
    try {
      next = await storeDue();
    } catch (error) {
      next = clock.now() + retryMilliseconds;
      if (error instanceof ReadModelsUnavailable) options.onFault?.(error);
      else {
        stopped = true;
        onFailure(error);
      }
    }
    running = undefined;
    if (stopped) return;
    if (again) wake();
    else if (next !== Number.POSITIVE_INFINITY) cancelTimer = clock.after(Math.max(0, next - clock.now()), wake);
  }

  function wake(): void {
    again = running !== undefined;
    running ??= run();
  }

  return {
    begin() {
      if (begun) return;
      begun = true;
      wake();
    },
    changed(groupId) {
      if (!begun) return;
      waiting.add(groupId);
      wake();
    },
    async stop() {
      stopped = true;
      cancelTimer();
      await running;
    },
  };
}
