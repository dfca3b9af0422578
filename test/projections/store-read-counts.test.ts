import { expect, test, vi } from 'vitest';
import { groupStream } from '../../src/events/stream-name.ts';
import { ReadModelsCorrupt, ReadModelsUnavailable } from '../../src/ports/read-model-faults.ts';
import { createStoredReadCounts } from '../../src/projections/store-read-counts.ts';
import { createInMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { beginGroup, createClock, createWriter, markIn, reached, renamed, start } from './projection-under-test.ts';
import { appendTo } from './recorded-events.ts';

const byGroup = (a: { groupId: string }, b: { groupId: string }) => (a.groupId < b.groupId ? -1 : 1);

test('the counts of small groups that have changed are stored together after a while, and once after catching up', async () => {
  const log = createInMemoryEventLog();
  const { writer, stored, group } = createWriter();
  await beginGroup(log, 'g', { memberCount: 100, messages: 251 });
  for (let upTo = 1; upTo <= 250; upTo += 1) await markIn(log, 'g', upTo);
  await beginGroup(log, 'h', { messages: 2 });
  const clock = createClock();
  const calls = vi.fn(writer.storeReadCounts);
  start({ log, writer: { ...writer, storeReadCounts: calls }, clock, countsIntervalMilliseconds: 5_000 });
  const caughtUpTo = log.all.at(-1)?.position;
  const both = (position: number | undefined) => ['g', 'h'].map((groupId) => ({ groupId, position }));
  await vi.waitFor(() => expect(stored).toEqual(both(caughtUpTo)));
  expect(calls).toHaveBeenCalledTimes(1);
  await markIn(log, 'h', 1);
  await markIn(log, 'g', 251);
  await markIn(log, 'h', 2);
  await reached(log, writer);
  clock.advance(4_999);
  expect(calls).toHaveBeenCalledTimes(1);
  clock.advance(1);
  await vi.waitFor(() => expect(stored.slice(2).toSorted(byGroup)).toEqual(both(log.all.at(-1)?.position)));
  expect(calls).toHaveBeenCalledTimes(2);
  // Ada has read all of them; Bob is no reader of his own.
  expect(group('g')?.readCounts?.ranges).toEqual([{ fromSeq: 1, toSeq: 251, readCount: 1 }]);
});

test('the counts of a heavy group are stored once an interval, also when nothing more happens', async () => {
  const log = createInMemoryEventLog();
  const clock = createClock();
  const { writer, stored } = createWriter();
  await beginGroup(log, 'g', { memberCount: 101, messages: 2 });
  await beginGroup(log, 'small');
  await markIn(log, 'g', 1);
  start({ log, writer, clock, countsIntervalMilliseconds: 1_000, heavyIntervalMilliseconds: 5_000 });
  const ofHeavy = () => stored.filter(({ groupId }) => groupId === 'g');
  await vi.waitFor(() => expect(ofHeavy()).toHaveLength(1));
  await markIn(log, 'g', 2);
  await markIn(log, 'small', 1);
  await reached(log, writer);
  clock.advance(4_999);
  await appendTo(log, groupStream('g'), renamed);
  await reached(log, writer);
  await vi.waitFor(() => expect(stored.some(({ groupId }) => groupId === 'small')).toBe(true));
  expect(ofHeavy()).toHaveLength(1);
  clock.advance(1);
  await vi.waitFor(() => expect(ofHeavy()).toHaveLength(2));
  expect(stored.at(-1)).toEqual({ groupId: 'g', position: log.all.at(-1)?.position });
});

test('a change that comes while its group’s counts are being stored has them stored once more', async () => {
  const log = createInMemoryEventLog();
  const { writer, stored } = createWriter();
  const begun = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  let position = -1;
  const paused = {
    ...writer,
    storeReadCounts: async (...counts: Parameters<typeof writer.storeReadCounts>) => {
      // The snapshot of the first one is taken: what is applied from here on is not in it.
      begun.resolve();
      if (position < 0) await goOn.promise;
      await writer.storeReadCounts(...counts);
    },
  };
  await beginGroup(log, 'g', { messages: 2 });
  const clock = createClock();
  start({ log, writer: paused, clock, countsIntervalMilliseconds: 1_000 });
  await begun.promise;
  await markIn(log, 'g', 2);
  await reached(log, writer);
  position = await log.endPosition();
  goOn.resolve();
  await vi.waitFor(() => expect(stored).toHaveLength(1));
  await vi.waitFor(() => {
    clock.advance(1_000);
    expect(stored.at(-1)).toEqual({ groupId: 'g', position });
  });
  expect(stored).toHaveLength(2);
});

test('counts that cannot be stored are stored later, and damage ends the projection', async () => {
  const log = createInMemoryEventLog();
  const clock = createClock();
  const { writer, stored } = createWriter();
  const failures: Error[] = [new ReadModelsUnavailable('busy')];
  const failing = {
    ...writer,
    storeReadCounts: async (...counts: Parameters<typeof writer.storeReadCounts>) => {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      await writer.storeReadCounts(...counts);
    },
  };
  await beginGroup(log, 'g', { messages: 2 });
  const onFault = vi.fn();
  const { ended } = start({ log, writer: failing, clock, onFault });
  await vi.waitFor(() => expect(onFault).toHaveBeenCalledOnce());
  clock.advance(1_000);
  await vi.waitFor(() => expect(stored).toHaveLength(1));
  failures.push(new ReadModelsCorrupt('damaged'));
  await markIn(log, 'g', 2);
  await reached(log, writer);
  clock.advance(5_000);
  await expect(ended).rejects.toThrow(ReadModelsCorrupt);
});

test('one who is told that counts cannot be stored, and throws, ends the projection and not the process', async () => {
  const log = createInMemoryEventLog();
  const { writer } = createWriter();
  const storeReadCounts = async () => {
    throw new ReadModelsUnavailable('busy');
  };
  const onFault = () => {
    throw new Error('a listener broke');
  };
  await beginGroup(log, 'g');
  const { ended } = start({ log, writer: { ...writer, storeReadCounts }, clock: createClock(), onFault });
  await expect(ended).rejects.toThrow('a listener broke');
});

/** A store in which the counts of so many groups are old, and what is asked of it. */
function storeOf(left: readonly { groupId: string; memberCount: number }[]) {
  const asked: (readonly string[])[] = [];
  let onAsked = (): void => {};
  const counts = createStoredReadCounts(
    {
      clock: createClock(),
      writer: {
        groupsToCount: async (after = '', limit) => left.filter(({ groupId }) => groupId > after).slice(0, limit),
        async groupSnapshots(groupIds) {
          asked.push(groupIds);
          onAsked();
          return [];
        },
        storeReadCounts: async () => {},
      },
    },
    (error) => expect.fail(String(error)),
  );
  return {
    ...{ counts, asked },
    whenAsked(told: () => void) {
      onAsked = told;
    },
  };
}

// Two large ones first, which are too much to be read together.
const manyLeft = Array.from({ length: 1_001 }, (_, index) => ({
  ...{ groupId: `g-${String(index).padStart(4, '0')}`, memberCount: index < 2 ? 6_000 : 2 },
}));

test('whatever an earlier run has left is counted, so many groups and members at a time', async () => {
  const { counts, asked } = storeOf(manyLeft);
  counts.begin();
  await vi.waitFor(() => expect(asked.flat()).toEqual(manyLeft.map(({ groupId }) => groupId)));
  expect(asked.map(({ length }) => length)).toEqual([1, 500, 500]);
  await counts.stop();
});

test('whoever ends it waits for what is under way and for nothing more', async () => {
  const { counts, asked, whenAsked } = storeOf(manyLeft);
  const stopped = new Promise<void>((resolve) => whenAsked(() => resolve(counts.stop())));
  counts.begin();
  await stopped;
  expect(asked).toEqual([['g-0000']]);
});
