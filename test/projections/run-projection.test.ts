import { expect, test, vi } from 'vitest';
import { groupStream, readsStream, type StreamName } from '../../src/events/stream-name.ts';
import { startOfLog } from '../../src/ports/event-log.ts';
import { ReadModelsCorrupt, ReadModelsUnavailable } from '../../src/ports/read-model-faults.ts';
import type { Poison } from '../../src/projections/projection-batch.ts';
import { sent } from '../commands/events.ts';
import { createInMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import {
  beginGroup,
  createClock,
  created,
  createWriter,
  mark,
  markIn,
  reached,
  renamed,
  start,
} from './projection-under-test.ts';
import { appendTo, poison } from './recorded-events.ts';

test('the projection follows the log from the checkpoint, and live', async () => {
  const log = createInMemoryEventLog();
  const { writer, commits, group } = createWriter();
  await beginGroup(log, 'g');
  const onCheckpoint = vi.fn();
  const first = start({ log, writer, onCheckpoint });
  await reached(log, writer);
  await appendTo(log, groupStream('g'), renamed);
  await reached(log, writer);
  await first.stop();
  expect(group('g')?.group).toMatchObject({ name: 'Anew', version: 3, readsVersion: -1, lastSeq: 1 });
  const before = commits.length;
  await markIn(log, 'g', 1);
  start({ log, writer });
  await reached(log, writer);
  // The second one has begun where the first one ended.
  expect(commits.slice(before).map(({ groups }) => groups.map(({ marks }) => marks.length))).toEqual([[1]]);
  expect(group('g')?.members.get('ada')?.markedUpTo).toBe(1);
  expect(onCheckpoint.mock.calls).toEqual([
    [startOfLog, false],
    [log.all[2]?.position, true],
    [log.all[3]?.position, true],
  ]);
});

test('a checkpoint names the event that stands there', async () => {
  const log = createInMemoryEventLog();
  const { writer } = createWriter();
  await beginGroup(log, 'g');
  start({ log, writer });
  await reached(log, writer);
  const { streamName, version, eventId, position } = log.all.at(-1) ?? {};
  expect(await writer.checkpoint()).toEqual({ position, event: { streamName, version, eventId } });
});

test('a projection that is to run once ends at the end of the log, without counting', async () => {
  const log = createInMemoryEventLog();
  const { writer, stored, group } = createWriter();
  for (let index = 0; index < 3; index += 1) await beginGroup(log, `g-${index}`, { messages: 70 });
  await start({ log, writer, once: true }).ended;
  expect((await writer.checkpoint()).position).toBe(await log.endPosition());
  expect(group('g-2')?.messages.size).toBe(70);
  await start({ log, writer, once: true }).ended;
  expect(stored).toEqual([]);
});

test('counts that an earlier run has left are stored though nothing new comes', async () => {
  const log = createInMemoryEventLog();
  const { writer, stored } = createWriter();
  await beginGroup(log, 'g');
  await start({ log, writer, once: true }).ended;
  expect(stored).toEqual([]);
  start({ log, writer });
  await vi.waitFor(() => expect(stored).toMatchObject([{ groupId: 'g' }]));
});

test('while it catches up, what has become much is applied before more is read', async () => {
  const log = createInMemoryEventLog();
  const { writer } = createWriter();
  const large = { type: 'Unknown', metadata: '{}', data: 'x'.repeat(800_000) };
  for (let index = 0; index < 150; index += 1) {
    await log.append(`someone-elses-${index}`, -1, [{ ...large, eventId: `e-${index}` }]);
  }
  const onCheckpoint = vi.fn();
  await start({ log, writer, once: true, onCheckpoint }).ended;
  expect(onCheckpoint.mock.calls.map(([, caughtUp]) => caughtUp)).toEqual([false, false, true]);
});

test('what the rows hold already changes nothing when it comes again, and no mark is measured again', async () => {
  const log = createInMemoryEventLog();
  const { writer, rows, group } = createWriter();
  await beginGroup(log, 'g', { messages: 3 });
  await markIn(log, 'g', 2);
  await start({ log, writer, once: true }).ended;
  const asItWas = structuredClone(rows.groups);
  // As after a commit whose checkpoint was lost.
  rows.checkpoint = { position: startOfLog, event: undefined };
  await start({ log, writer, once: true }).ended;
  expect(group('g')).toEqual(asItWas.get('g'));
  expect((await writer.checkpoint()).position).toBe(await log.endPosition());
});

test('a mark beyond the newest message marks what is there', async () => {
  const log = createInMemoryEventLog();
  const { writer, group } = createWriter();
  await beginGroup(log, 'g');
  await markIn(log, 'g', 5);
  start({ log, writer });
  await reached(log, writer);
  const marks = [...(group('g')?.members.values() ?? [])].map(({ userId, markedUpTo }) => [userId, markedUpTo]);
  expect(marks).toEqual([
    ['ada', 1],
    ['bob', 1],
  ]);
});

test('streams that are not ours are passed over', async () => {
  const log = createInMemoryEventLog();
  const { writer, commits } = createWriter();
  await appendTo(log, 'elsewhere-g' as StreamName, poison());
  start({ log, writer });
  await reached(log, writer);
  expect(commits).toMatchObject([{ groups: [], checkpoint: { position: log.all[0]?.position } }]);
});

test('an event that cannot be decoded halts all streams of its group, once, and no other group', async () => {
  const log = createInMemoryEventLog();
  const { writer, group } = createWriter();
  const onPoison = vi.fn<(poison: Poison) => void>();
  await appendTo(log, groupStream('good'), created('good'));
  await beginGroup(log, 'bad');
  await appendTo(log, groupStream('bad'), poison(), renamed, poison('Unknown', '{}'));
  await markIn(log, 'bad', 1);
  await appendTo(log, groupStream('good'), renamed);
  start({ log, writer, onPoison });
  await reached(log, writer);
  const at = log.all[4]?.position;
  expect(group('good')?.group).toMatchObject({ name: 'Anew', haltedAt: null });
  expect(group('bad')?.group).toMatchObject({ name: 'bad', version: 2, readsVersion: -1, haltedAt: at });
  expect(group('bad')?.members.get('ada')?.markedUpTo).toBe(0);
  expect(onPoison).toHaveBeenCalledOnce();
  const expected = { groupId: 'bad', streamName: 'group-bad', version: 3, position: at };
  expect(onPoison.mock.lastCall?.[0]).toMatchObject({ ...expected, reason: expect.stringContaining('MessageSent') });
});

test('a halt survives a restart', async () => {
  const log = createInMemoryEventLog();
  const { writer, group } = createWriter();
  await appendTo(log, groupStream('bad'), poison());
  const first = start({ log, writer });
  await reached(log, writer);
  await first.stop();
  await appendTo(log, groupStream('bad'), renamed);
  await appendTo(log, readsStream('good'), mark('good'));
  const onPoison = vi.fn();
  start({ log, writer, onPoison });
  await reached(log, writer);
  expect(group('bad')?.group).toMatchObject({ name: '', version: -1, haltedAt: log.all[0]?.position });
  expect(group('good')?.group).toMatchObject({ readsVersion: 0, haltedAt: null });
  expect(onPoison).not.toHaveBeenCalled();
});

test('an event in a stream of another family halts its group', async () => {
  const log = createInMemoryEventLog();
  const { writer } = createWriter();
  await appendTo(log, readsStream('g'), renamed);
  await appendTo(log, groupStream('h'), mark('h'));
  start({ log, writer });
  await reached(log, writer);
  expect((await writer.haltedGroups()).map(({ groupId }) => groupId)).toEqual(['g', 'h']);
});

test('unavailable read models are tried again with the same batch; what else fails ends the projection', async () => {
  const log = createInMemoryEventLog();
  const clock = createClock();
  const { writer, failures, commits } = createWriter();
  failures.push(new ReadModelsUnavailable('busy'), new ReadModelsUnavailable('busy'));
  await appendTo(log, groupStream('g'), created('g'));
  const onFault = vi.fn();
  const { ended } = start({ log, writer, clock, onFault });
  for (const faults of [1, 2]) {
    await vi.waitFor(() => expect(onFault).toHaveBeenCalledTimes(faults));
    clock.advance(1_000);
  }
  await reached(log, writer);
  expect(commits).toHaveLength(1);
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
  expect((await writer.checkpoint()).position).toBe(startOfLog);
});

test('a projection that is stopped has ended once the counts under way are stored', async () => {
  const log = createInMemoryEventLog();
  const { writer } = createWriter();
  const [storing, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const paused = {
    ...writer,
    storeReadCounts: async () => {
      storing.resolve();
      await gate.promise;
    },
  };
  await beginGroup(log, 'g');
  const { stop } = start({ log, writer: paused });
  await storing.promise;
  const ended = vi.fn();
  const stopping = stop().then(ended);
  for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
  expect(ended).not.toHaveBeenCalled();
  gate.resolve();
  await stopping;
});

test('a halted group that goes on has everything of its stream applied, however long it is', async () => {
  const log = createInMemoryEventLog();
  const { writer, rows, group } = createWriter();
  const renames = Array.from({ length: 2_500 }, (_, index) => ({
    type: 'GroupRenamed' as const,
    data: { name: `${index}` },
  }));
  await beginGroup(log, 'g', { messages: 0 });
  await start({ log, writer, once: true }).ended;
  await appendTo(log, groupStream('g'), ...renames, sent(1, 'ada'));
  // An older Highwater could not read what came next, and has gone on to the end.
  const halted = { haltedAt: log.all[2]?.position ?? 0, haltReason: 'unheard' };
  const stored = group('g');
  if (stored !== undefined) stored.group = { ...stored.group, ...halted };
  const { position, streamName, version, eventId } = log.all.at(-1) ?? expect.fail();
  rows.checkpoint = { position, event: { streamName, version, eventId } };
  const onResumed = vi.fn();
  start({ log, writer, onResumed });
  await vi.waitFor(() => expect(onResumed).toHaveBeenCalledExactlyOnceWith('g'));
  expect(group('g')?.group).toMatchObject({ name: '2499', version: 2_502, lastSeq: 1, haltedAt: null });
});
