import { expect, test, vi } from 'vitest';
import { groupStream, readsStream } from '../../src/events/stream-name.ts';
import { ReadModelsCorrupt, ReadModelsUnavailable } from '../../src/ports/read-model-faults.ts';
import { createInMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { createClock, createWriter, mark, reached, renamed, start } from './projection-under-test.ts';
import { appendTo } from './recorded-events.ts';

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

test('a change that comes while its group’s counts are being stored has them stored once more', async () => {
  const log = createInMemoryEventLog();
  const { writer, stored } = createWriter();
  const store = writer.storeReadCounts;
  const begun = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  let position = -1;
  writer.storeReadCounts = async (...counts) => {
    // The snapshot of the first one is taken: what is applied from here on is not in it.
    begun.resolve();
    if (position < 0) await goOn.promise;
    await store(...counts);
  };
  await appendTo(log, readsStream('g'), mark('g', 1));
  start({ log, writer, clock: createClock() });
  await begun.promise;
  await appendTo(log, readsStream('g'), mark('g', 2));
  await reached(log, writer);
  position = await log.endPosition();
  goOn.resolve();
  await vi.waitFor(() => expect(stored.at(-1)).toEqual({ groupId: 'g', position }));
  expect(stored).toHaveLength(2);
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
