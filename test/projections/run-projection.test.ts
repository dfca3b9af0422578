import { expect, test, vi } from 'vitest';
import { groupStream, readsStream, type StreamName } from '../../src/events/stream-name.ts';
import type { Change } from '../../src/ports/changes.ts';
import { startOfLog } from '../../src/ports/event-log.ts';
import { ReadModelsCorrupt, ReadModelsUnavailable } from '../../src/ports/read-model-faults.ts';
import type { Poison } from '../../src/projections/projection-batch.ts';
import { sent } from '../commands/events.ts';
import { createInMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { createClock, created, createWriter, mark, reached, renamed, start } from './projection-under-test.ts';
import { appendTo, poison } from './recorded-events.ts';

const applied = (all: () => readonly Change[]) => all().map(({ type, groupId }) => `${type} ${groupId}`);
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

test('what the rows hold already is applied as it was, and no mark is measured again', async () => {
  const log = createInMemoryEventLog();
  const { writer, all } = createWriter();
  await appendTo(log, groupStream('g'), created('g'), sent(1, 'ada'));
  await appendTo(log, readsStream('g'), mark('g', 5));
  writer.groupEnds = async () => [{ groupId: 'g', version: 6, readsVersion: 0, lastSeq: 6 }];
  start({ log, writer });
  await reached(log, writer);
  const kinds = new Set(all().map(({ type }) => type));
  expect([kinds.has('putMessage'), kinds.has('haltGroup')]).toEqual([true, false]);
  expect(all().filter(({ type }) => type === 'advanceMark')).toMatchObject([{ userId: 'ada', upTo: 1 }]);
});

test('a mark beyond the newest message marks what is there', async () => {
  const log = createInMemoryEventLog();
  const { writer, all } = createWriter();
  await appendTo(log, groupStream('g'), created('g'), sent(1, 'bob'));
  await appendTo(log, readsStream('g'), mark('g', 5));
  start({ log, writer });
  await reached(log, writer);
  const marks = all().filter(({ type }) => type === 'advanceMark');
  expect(marks).toMatchObject([
    { userId: 'bob', upTo: 1 },
    { userId: 'ada', upTo: 1 },
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
    ...['putGroup good', 'putGroup bad', 'renameGroup good'],
    ...['advanceGroup good', 'advanceGroup bad', 'haltGroup bad'],
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

test('a projection that is stopped has ended once the counts under way are stored', async () => {
  const log = createInMemoryEventLog();
  const { writer } = createWriter();
  const [storing, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  writer.storeReadCounts = async () => {
    storing.resolve();
    await gate.promise;
  };
  await appendTo(log, groupStream('g'), created('g'), sent(1, 'ada'));
  const { stop } = start({ log, writer });
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
  const { writer, batches, all } = createWriter();
  const renames = Array.from({ length: 2_500 }, () => renamed);
  await appendTo(log, groupStream('g'), created('g'), ...renames);
  batches.push({ changes: [], checkpoint: await log.endPosition() });
  writer.haltedGroups = async () => [{ groupId: 'g', position: log.all[1]?.position ?? 0, reason: 'unheard' }];
  writer.groupEnds = async () => [{ groupId: 'g', version: 0, readsVersion: -1, lastSeq: 0 }];
  const onResumed = vi.fn();
  start({ log, writer, onResumed });
  await vi.waitFor(() => expect(onResumed).toHaveBeenCalledExactlyOnceWith('g'));
  expect(all().filter(({ type }) => type === 'renameGroup')).toHaveLength(2_500);
});
