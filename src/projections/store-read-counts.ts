import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { ReadModelsUnavailable } from '../ports/read-models.ts';
import type { ReadCountsStore, StoredGroup } from '../ports/row-store.ts';
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
  readonly writer: ReadCountsStore;
  /** Counts are stored at most this often, those of all groups that have changed together. */
  readonly countsIntervalMilliseconds?: number | undefined;
  /** And those of a group with more than 100 members this often. */
  readonly heavyIntervalMilliseconds?: number | undefined;
  readonly clock?: ProjectionClock | undefined;
  /** The read models could not be written to; it is tried again. */
  readonly onFault?: ((error: ReadModelsUnavailable) => void) | undefined;
}

export interface StoredReadCounts {
  /** Everything up to the log's end is applied: stores what an earlier run or the catching up has left to be counted. */
  begin(): void;
  /** Before that nothing need be said of what has changed. */
  isBegun(): boolean;
  /** Marks of these groups have counted. */
  changed(groups: readonly CountedGroup[]): void;
  /** Ends after what is under way. What is still waiting then is found by the next run. */
  stop(): Promise<void>;
}

type CountedGroup = Pick<StoredGroup, 'groupId' | 'memberCount'>;

const smallGroupMembers = 100;
const defaultCountsIntervalMilliseconds = 5_000;
const defaultHeavyIntervalMilliseconds = 30_000;
const retryMilliseconds = 1_000;
const groupsPerRead = 500;
/** So many members' rows are read at a time, or those of one group. */
const membersPerRead = 10_000;

/**
 * Writes the aggregated counts into the read models, for readers that are not this process. They are computed from the
 * member rows as of the checkpoint, of as many groups at a time as few queries can answer: on a server, what that costs is
 * little beside the batches. Other work goes on in between. What a crash leaves uncounted, the rows themselves tell.
 *
 * `onFailure` is told what trying again cannot mend.
 */
export function createStoredReadCounts(
  options: StoredReadCountsOptions,
  onFailure: (error: unknown) => void,
): StoredReadCounts {
  const { writer, clock = systemClock } = options;
  const { countsIntervalMilliseconds = defaultCountsIntervalMilliseconds } = options;
  const { heavyIntervalMilliseconds = defaultHeavyIntervalMilliseconds } = options;
  /** By group, how many members it has. */
  const waiting = new Map<string, number>();
  /** When a heavy group's counts may be stored again. */
  const dueAt = new Map<string, number>();
  let begun = false;
  let listed = false;
  let stopped = false;
  let running: Promise<void> | undefined;
  /** When the next storing begins, once it is known. */
  let nextAt = Number.POSITIVE_INFINITY;
  let cancelTimer = (): void => {};

  async function store(groups: readonly CountedGroup[]): Promise<void> {
    // Taken out first: a change that comes while it is being counted puts it back.
    for (const { groupId } of groups) waiting.delete(groupId);
    try {
      const snapshots = await writer.groupSnapshots(groups.map(({ groupId }) => groupId));
      const counts = snapshots.map(({ group: { groupId, lastSeq }, members, position }) => ({
        ...{ groupId, position, ranges: readCountRanges(members, lastSeq) },
      }));
      await writer.storeReadCounts(counts);
    } catch (error) {
      addWaiting(groups);
      throw error;
    }
    for (const { groupId, memberCount } of groups) {
      if (memberCount > smallGroupMembers) dueAt.set(groupId, clock.now() + heavyIntervalMilliseconds);
    }
  }

  function addWaiting(groups: readonly CountedGroup[]): void {
    for (const { groupId, memberCount } of groups) waiting.set(groupId, memberCount);
  }

  async function listUncounted(): Promise<void> {
    for (let after: string | undefined; !listed && !stopped; ) {
      const page = await writer.groupsToCount(after, groupsPerRead);
      addWaiting(page);
      after = page.at(-1)?.groupId;
      listed = page.length < groupsPerRead;
    }
  }

  /** A group that changes meanwhile comes round again. */
  async function storeDue(): Promise<void> {
    await listUncounted();
    const now = clock.now();
    for (const [groupId, at] of dueAt) if (at <= now) dueAt.delete(groupId);
    const due = [...waiting].filter(([groupId]) => !dueAt.has(groupId));
    for (const groups of pagesOf(due.map(([groupId, memberCount]) => ({ groupId, memberCount })))) {
      if (stopped) break;
      await store(groups);
      await yieldToOthers();
    }
  }

  function nextDue(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const groupId of waiting.keys()) {
      next = Math.min(next, dueAt.get(groupId) ?? clock.now() + countsIntervalMilliseconds);
    }
    return next;
  }

  /** Nobody waits for what a timer has begun: whatever is thrown here, also by who is told, comes out by `onFailure`. */
  function bear(error: unknown): void {
    try {
      if (!(error instanceof ReadModelsUnavailable)) throw error;
      options.onFault?.(error);
    } catch (failure) {
      stopped = true;
      onFailure(failure);
    }
  }

  async function run(): Promise<void> {
    nextAt = Number.POSITIVE_INFINITY;
    let retryAt: number | undefined;
    try {
      await storeDue();
    } catch (error) {
      retryAt = clock.now() + retryMilliseconds;
      bear(error);
    }
    running = undefined;
    wakeAt(retryAt ?? nextDue());
  }

  /** Unless it is woken before. */
  function wakeAt(at: number): void {
    if (stopped || running !== undefined || at >= nextAt) return;
    cancelTimer();
    nextAt = at;
    cancelTimer = clock.after(Math.max(0, at - clock.now()), () => {
      running = run();
    });
  }

  return {
    begin() {
      if (begun) return;
      begun = true;
      running = run();
    },
    isBegun: () => begun,
    changed(groups) {
      if (groups.length === 0) return;
      addWaiting(groups);
      wakeAt(clock.now() + countsIntervalMilliseconds);
    },
    async stop() {
      stopped = true;
      cancelTimer();
      await running;
    },
  };
}

function* pagesOf(groups: readonly CountedGroup[]): Generator<readonly CountedGroup[]> {
  let page: CountedGroup[] = [];
  let members = 0;
  for (const group of groups) {
    if (page.length >= groupsPerRead || (page.length > 0 && members + group.memberCount > membersPerRead)) {
      yield page;
      page = [];
      members = 0;
    }
    page.push(group);
    members += group.memberCount;
  }
  if (page.length > 0) yield page;
}
