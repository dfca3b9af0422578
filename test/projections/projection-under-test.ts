import { expect, onTestFinished, vi } from 'vitest';
import type { HighwaterEvent } from '../../src/events/event.ts';
import { groupStream, readsStream } from '../../src/events/stream-name.ts';
import type { ChangedGroup, Checkpoint, ReadModelWriter, StoredReadCounts } from '../../src/ports/row-store.ts';
import { type ProjectionOptions, runProjection } from '../../src/projections/run-projection.ts';
import type { ProjectionClock } from '../../src/projections/store-read-counts.ts';
import { added, readUpTo, sent } from '../commands/events.ts';
import type { InMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { createInMemoryWriter, emptyBuild } from '../fakes/in-memory-rows.ts';
import { appendTo } from './recorded-events.ts';

/** The store in memory, which remembers what it was told to commit and fails when it is told to, also between two groups of a commit. */
export function createWriter(betweenGroups: () => void = () => undefined) {
  const rows = emptyBuild();
  const commits: { readonly groups: readonly ChangedGroup[]; readonly checkpoint: Checkpoint }[] = [];
  const stored: { readonly groupId: string; readonly position: number }[] = [];
  const failures: Error[] = [];
  const memory = createInMemoryWriter({
    rows,
    requireLease: () => undefined,
    betweenGroups,
    close: () => undefined,
  });
  const writer: ReadModelWriter = {
    ...memory,
    commit: async (groups, checkpoint) => {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      await memory.commit(groups, checkpoint);
      commits.push({ groups, checkpoint });
    },
    openForFilling: async () => ({ ...writer, close: async () => undefined }),
    storeReadCounts: async (counts: readonly StoredReadCounts[]) => {
      await memory.storeReadCounts(counts);
      stored.push(...counts.map(({ groupId, position }) => ({ groupId, position })));
    },
  };
  return { writer, rows, commits, stored, failures, group: (groupId: string) => rows.groups.get(groupId) };
}

/** A clock that stands until it is moved. */
export function createClock(): ProjectionClock & { advance(milliseconds: number): void } {
  let now = 0;
  const timers = new Set<{ readonly due: number; readonly callback: () => void }>();
  return {
    now: () => now,
    after(milliseconds, callback) {
      const timer = { due: now + milliseconds, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(milliseconds) {
      now += milliseconds;
      for (const timer of [...timers].filter(({ due }) => due <= now)) {
        timers.delete(timer);
        timer.callback();
      }
    },
  };
}

export function start(options: Omit<ProjectionOptions, 'signal'>) {
  const abort = new AbortController();
  const ended = runProjection({ ...options, signal: abort.signal });
  const stop = async (): Promise<void> => {
    abort.abort();
    await ended;
  };
  // A test that has awaited the end itself has seen how it ended.
  onTestFinished(() => stop().catch(() => undefined));
  return { ended, stop };
}

export const created = (groupId: string): HighwaterEvent => ({
  type: 'GroupCreated',
  data: { groupId, name: groupId },
});
export const mark = (groupId: string, upTo = 1): HighwaterEvent => readUpTo('ada', upTo, groupId);
export const renamed: HighwaterEvent = { type: 'GroupRenamed', data: { name: 'Anew' } };

/** A group of Ada, Bob and as many more as make so many members, in which Bob has sent so many messages. */
export async function beginGroup(
  log: InMemoryEventLog,
  groupId: string,
  { memberCount = 2, messages = 1 }: { readonly memberCount?: number; readonly messages?: number } = {},
): Promise<void> {
  const others = Array.from({ length: memberCount - 2 }, (_, index) => `member-${index}`);
  const people = Object.fromEntries(['ada', 'bob', ...others].map((userId) => [userId, 'member' as const]));
  const texts = Array.from({ length: messages }, (_, index) => sent(index + 1, 'bob'));
  await appendTo(log, groupStream(groupId), created(groupId), added(people, memberCount), ...texts);
}

export const markIn = (log: InMemoryEventLog, groupId: string, upTo: number): Promise<void> =>
  appendTo(log, readsStream(groupId), mark(groupId, upTo));

/** Everything that the log holds is applied. */
export const reached = (log: InMemoryEventLog, writer: ReadModelWriter) =>
  vi.waitFor(async () => expect((await writer.checkpoint()).position).toBe(await log.endPosition()));
