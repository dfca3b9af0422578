import { expect, onTestFinished, vi } from 'vitest';
import type { HighwaterEvent } from '../../src/events/event.ts';
import type { Change } from '../../src/ports/changes.ts';
import { type Position, startOfLog } from '../../src/ports/event-log.ts';
import type { GroupSnapshot } from '../../src/ports/group-snapshots.ts';
import type { ReadModelWriter } from '../../src/ports/read-models.ts';
import type { HaltedGroup } from '../../src/ports/rows.ts';
import { type ProjectionOptions, runProjection } from '../../src/projections/run-projection.ts';
import type { ProjectionClock } from '../../src/projections/store-read-counts.ts';
import type { InMemoryEventLog } from '../fakes/in-memory-event-log.ts';

/** Remembers what it was told to apply; its groups have as many members as the test says. */
export function createWriter(memberCount = 2) {
  const batches: { changes: readonly Change[]; checkpoint: Position }[] = [];
  const stored: { groupId: string; position: Position }[] = [];
  const failures: Error[] = [];
  const checkpoint = (): Position => batches.at(-1)?.checkpoint ?? startOfLog;
  const all = (): Change[] => batches.flatMap(({ changes }) => changes);
  const writer: ReadModelWriter = {
    checkpoint: async () => checkpoint(),
    apply: async (changes, upTo) => {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      batches.push({ changes, checkpoint: upTo });
    },
    storeReadCounts: async (groupId, position) => void stored.push({ groupId, position }),
    groupSnapshot: async (groupId) => {
      const group = { groupId, name: '', createdAt: '', memberCount, lastSeq: 0, lastMessageAt: null };
      return { group: { ...group, version: 0, readsVersion: 0 }, members: [], position: checkpoint() } as GroupSnapshot;
    },
    groupEnds: async () => [],
    groupsToCount: async (after) => {
      const marked = all().flatMap(({ type, groupId }) =>
        type === 'advanceMark' && groupId > (after ?? '') ? [groupId] : [],
      );
      return [...new Set(marked)].sort();
    },
    haltedGroups: async () => {
      const halts = new Map<string, HaltedGroup>();
      for (const change of all()) {
        if (change.type === 'haltGroup') halts.set(change.groupId, change);
        if (change.type === 'resumeGroup') halts.delete(change.groupId);
      }
      return [...halts.values()];
    },
    close: async () => undefined,
  };
  return { writer, batches, stored, failures, all };
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
export const mark = (groupId: string, upTo = 1): HighwaterEvent => ({
  type: 'ReadUpTo',
  data: { groupId, userId: 'ada', upTo },
});
export const renamed: HighwaterEvent = { type: 'GroupRenamed', data: { name: 'Anew' } };

/** Everything that the log holds is applied. */
export const reached = (log: InMemoryEventLog, writer: ReadModelWriter) =>
  vi.waitFor(async () => expect(await writer.checkpoint()).toBe(await log.endPosition()));
