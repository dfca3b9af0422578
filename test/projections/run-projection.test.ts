import { expect, onTestFinished, test, vi } from 'vitest';
import type { HighwaterEvent } from '../../src/events/event.ts';
import { groupStream, readsStream, type StreamName } from '../../src/events/stream-name.ts';
import type { Change } from '../../src/ports/changes.ts';
import { type Position, startOfLog } from '../../src/ports/event-log.ts';
import {
  type GroupSnapshot,
  type HaltedGroup,
  ReadModelsCorrupt,
  ReadModelsUnavailable,
  type ReadModelWriter,
} from '../../src/ports/read-models.ts';
import { type Poison, type ProjectionOptions, runProjection } from '../../src/projections/run-projection.ts';
import type { ProjectionClock } from '../../src/projections/store-read-counts.ts';
import { createInMemoryEventLog, type InMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { appendTo, poison } from './recorded-events.ts';

/** Remembers what it was told to apply; its groups have as many members as the test says. */
function createWriter(memberCount = 2) {
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
    groupsToCount: async (after) => {
      const marked = all().flatMap(({ type, groupId }) =>
        type === 'advanceMark' && groupId > (after ?? '') ? [groupId] : [],
      );
      return [...new Set(marked)].sort();
    },
    haltedGroups: async () => all().flatMap((change): HaltedGroup[] => (change.type === 'haltGroup' ? [change] : [])),
    close: async () => undefined,
  };
  return { writer, batches, stored, failures, all };
}

/** A clock that stands until it is moved. */
function createClock(): ProjectionClock & { advance(milliseconds: number): void } {
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

function start(options: Omit<ProjectionOptions, 'signal'>) {
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

const created = (groupId: string): HighwaterEvent => ({ type: 'GroupCreated', data: { groupId, name: groupId } });
const mark = (groupId: string, upTo = 1): HighwaterEvent => ({
  type: 'ReadUpTo',
  data: { groupId, userId: 'ada', upTo },
});
const renamed: HighwaterEvent = { type: 'GroupRenamed', data: { name: 'Anew' } };
const applied = (all: () => readonly Change[]) => all().map(({ type, groupId }) => `${type} ${groupId}`);
const reached = (log: InMemoryEventLog, writer: ReadModelWriter) =>
  vi.waitFor(async () => expect(await writer.checkpoint()).toBe(await log.endPosition()));

test('the projection follows the log from the checkpoint, and live', async () => {
  const log = createInMemoryEventLog();
  const { writer, all } = createWriter();
  await appendTo(log, groupStream('g'), created('g'));
  const onCheckpoint = vi.fn();
  const first = start({ log, writer, onCheckpoint });
  await reached(log, writer);
  await appendTo(log, groupStream('g'), renamed);
  await reached(log, writer);
  await first.stop();
  await appendTo(log, readsStream('g'), mark('g'));
  start({ log, writer });
  await reached(log, writer);
  const expected = [
    'putGroup g',
    'advanceGroup g',
    'renameGroup g',
    'advanceGroup g',
    'advanceMark g',
    'advanceGroup g',
  ];
  expect(applied(all)).toEqual(expected);
  expect(onCheckpoint.mock.calls).toEqual([
    [startOfLog, false],
    [log.all[0]?.position, true],
    [log.all[1]?.position, true],
  ]);
});

test('streams that are not ours are passed over', async () => {
  const log = createInMemoryEventLog();
  const { writer, batches } = createWriter();
  await appendTo(log, 'elsewhere-g' as StreamName, poison());
  start({ log, writer });
  await reached(log, writer);
  expect(batches).toEqual([{ changes: [], checkpoint: log.all[0]?.position }]);
});

test('an event that cannot be decoded halts all streams of its group, once, and no other group', async () => {
  const log = createInMemoryEventLog();
  const { writer, all } = createWriter();
  const onPoison = vi.fn<(poison: Poison) => void>();
  await appendTo(log, groupStream('good'), created('good'));
  await appendTo(log, groupStream('bad'), created('bad'), poison(), renamed, poison('Unknown', '{}'));
  await appendTo(log, readsStream('bad'), mark('bad'));
  await appendTo(log, groupStream('good'), renamed);
  start({ log, writer, onPoison });
  await reached(log, writer);
  expect(applied(all)).toEqual([
    ...['putGroup good', 'putGroup bad', 'haltGroup bad', 'renameGroup good'],
    ...['advanceGroup good', 'advanceGroup bad'],
  ]);
  expect(onPoison).toHaveBeenCalledOnce();
  const expected = { groupId: 'bad', streamName: 'group-bad', version: 1, position: log.all[2]?.position };
  expect(onPoison.mock.lastCall?.[0]).toMatchObject({ ...expected, reason: expect.stringContaining('MessageSent') });
});

test('a halt survives a restart', async () => {
  const log = createInMemoryEventLog();
  const { writer, all } = createWriter();
  await appendTo(log, groupStream('bad'), poison());
  const first = start({ log, writer });
  await reached(log, writer);
  await first.stop();
  await appendTo(log, groupStream('bad'), renamed);
  await appendTo(log, readsStream('good'), mark('good'));
  const onPoison = vi.fn();
  start({ log, writer, onPoison });
  await reached(log, writer);
  expect(applied(all)).toEqual(['haltGroup bad', 'advanceMark good', 'advanceGroup good']);
  expect(onPoison).not.toHaveBeenCalled();
});

test('an event in a stream of another family halts its group', async () => {
  const log = createInMemoryEventLog();
  const { writer, all } = createWriter();
  await appendTo(log, readsStream('g'), renamed);
  await appendTo(log, groupStream('h'), mark('h'));
  start({ log, writer });
  await reached(log, writer);
  expect(applied(all)).toEqual(['haltGroup g', 'haltGroup h']);
});

test('unavailable read models are tried again with the same batch; what else fails ends the projection', async () => {
  const log = createInMemoryEventLog();
  const clock = createClock();
  const { writer, failures, all } = createWriter();
  failures.push(new ReadModelsUnavailable('busy'), new ReadModelsUnavailable('busy'));
  await appendTo(log, groupStream('g'), created('g'));
  const onFault = vi.fn();
  const { ended } = start({ log, writer, clock, onFault });
  for (const faults of [1, 2]) {
    await vi.waitFor(() => expect(onFault).toHaveBeenCalledTimes(faults));
    clock.advance(1_000);
  }
  await reached(log, writer);
  expect(applied(all)).toEqual(['putGroup g', 'advanceGroup g']);
  failures.push(new ReadModelsCorrupt('damaged'));
  await appendTo(log, groupStream('g'), renamed);
  await expect(ended).rejects.toThrow(ReadModelsCorrupt);
});

test('a projection that waits for unavailable read models can be stopped', async () => {
  const log = createInMemoryEventLog();
  const { writer, failures } = createWriter();
  failures.push(new ReadModelsUnavailable('busy'));
  await appendTo(log, groupStream('g'), created('g'));
  const onFault = vi.fn();
  const { stop } = start({ log, writer, clock: createClock(), onFault });
  await vi.waitFor(() => expect(onFault).toHaveBeenCalledOnce());
  await stop();
  expect(await writer.checkpoint()).toBe(startOfLog);
});

test('the counts of a small group are stored after every change, and once after catching up', async () => {
  const log = createInMemoryEventLog();
  const { writer, stored } = createWriter(100);
  for (let upTo = 1; upTo <= 250; upTo += 1) await appendTo(log, readsStream('g'), mark('g', upTo));
  start({ log, writer, clock: createClock() });
  await vi.waitFor(() => expect(stored).toEqual([{ groupId: 'g', position: log.all.at(-1)?.position }]));
  await appendTo(log, readsStream('g'), mark('g', 251));
  await vi.waitFor(() => expect(stored[1]).toEqual({ groupId: 'g', position: log.all.at(-1)?.position }));
});

test('the counts of a heavy group are stored once an interval, also when nothing more happens', async () => {
  const log = createInMemoryEventLog();
  const clock = createClock();
  const { writer, stored } = createWriter(101);
  await appendTo(log, readsStream('g'), mark('g', 1));
  start({ log, writer, clock, heavyIntervalMilliseconds: 5_000 });
  await vi.waitFor(() => expect(stored).toHaveLength(1));
  await appendTo(log, readsStream('g'), mark('g', 2));
  await appendTo(log, readsStream('small'), mark('small'));
  await reached(log, writer);
  clock.advance(4_999);
  await appendTo(log, groupStream('g'), renamed);
  await reached(log, writer);
  await vi.waitFor(() => expect(stored.at(-1)?.groupId).toBe('small'));
  expect(stored.filter(({ groupId }) => groupId === 'g')).toHaveLength(1);
  clock.advance(1);
  await vi.waitFor(() => expect(stored.filter(({ groupId }) => groupId === 'g')).toHaveLength(2));
  expect(stored.at(-1)).toEqual({ groupId: 'g', position: log.all.at(-1)?.position });
});

test('counts that cannot be stored are stored later, and damage ends the projection', async () => {
  const log = createInMemoryEventLog();
  const clock = createClock();
  const { writer, stored } = createWriter();
  const store = writer.storeReadCounts;
  const failures: Error[] = [new ReadModelsUnavailable('busy')];
  writer.storeReadCounts = async (...counts) => {
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    await store(...counts);
  };
  await appendTo(log, readsStream('g'), mark('g', 1));
  const onFault = vi.fn();
  const { ended } = start({ log, writer, clock, onFault });
  await vi.waitFor(() => expect(onFault).toHaveBeenCalledOnce());
  clock.advance(1_000);
  await vi.waitFor(() => expect(stored).toHaveLength(1));
  failures.push(new ReadModelsCorrupt('damaged'));
  await appendTo(log, readsStream('g'), mark('g', 2));
  await expect(ended).rejects.toThrow(ReadModelsCorrupt);
});
