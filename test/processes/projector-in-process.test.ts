import { pino } from 'pino';
import { expect, onTestFinished, test, vi } from 'vitest';
import { groupStream } from '../../src/events/stream-name.ts';
import { LogRefused } from '../../src/ports/event-log.ts';
import type { ReadModelBuilds } from '../../src/ports/read-model-builds.ts';
import { LeaseLost, ReadModelsUnavailable } from '../../src/ports/read-model-faults.ts';
import { createLogTrouble } from '../../src/processes/log-trouble.ts';
import { startProjectorInProcess } from '../../src/processes/projector-in-process.ts';
import { CheckpointNotInLog } from '../../src/projections/checkpoint-in-log.ts';
import { createInMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { createInMemoryStore } from '../fakes/in-memory-read-models.ts';
import { created, renamed } from '../projections/projection-under-test.ts';
import { appendTo } from '../projections/recorded-events.ts';

async function stage(wrap: (builds: ReadModelBuilds) => ReadModelBuilds = (builds) => builds) {
  const log = createInMemoryEventLog();
  await appendTo(log, groupStream('g'), created('g'));
  const store = createInMemoryStore();
  const told: { readonly level: number; readonly msg: string }[] = [];
  const onRefused = vi.fn();
  const logger = pino({ level: 'info' }, { write: (line) => void told.push(JSON.parse(line)) });
  const trouble = createLogTrouble(logger);
  const start = (of = log) => {
    const projector = startProjectorInProcess({
      ...{ log: of, builds: wrap(store.of(3)), logger, trouble, onRefused },
      pauses: { first: 0, longest: 0 },
    });
    onTestFinished(() => projector.stop());
    return projector;
  };
  return { log, store, told, trouble, onRefused, start, builds: store.of(3) };
}

test('it fills a first build, says when it projects into one that is served, and waits once it is stopped', async () => {
  const { start, builds } = await stage();
  const projector = start();
  expect(projector.state()).toBe('waiting');
  const serving = vi.fn();
  projector.onServing(serving);
  await vi.waitFor(() => expect(serving).toHaveBeenCalledOnce());
  expect(projector.state()).toBe('projecting');
  expect(await builds.served()).toBe('build-1');
  await projector.stop();
  expect(projector.state()).toBe('waiting');
});

test.each([
  ['has lost its lease', new LeaseLost('another was quicker'), 40, 'this process stands by to project'],
  ['meets a store that is away', new ReadModelsUnavailable('away'), 40, 'this process stands by to project'],
  ['ends by a defect', new TypeError('a defect'), 50, 'the projector has ended; it is started again'],
])('one that %s is told of in one line and begun again', async (_, error, level, msg) => {
  let failures = 1;
  const { start, told } = await stage((builds) => ({
    ...builds,
    openWriter: async (...asked) => {
      if (failures-- > 0) throw error;
      return builds.openWriter(...asked);
    },
  }));
  const projector = start();
  await vi.waitFor(() => expect(projector.state()).toBe('projecting'));
  expect(told.filter((line) => line.level > 30)).toMatchObject([{ level, msg }]);
});

test('read models of another log end it for good, and are let go of', async () => {
  const { start, builds, onRefused } = await stage();
  const first = start();
  await vi.waitFor(() => expect(first.state()).toBe('projecting'));
  await first.stop();
  const other = createInMemoryEventLog();
  await appendTo(other, groupStream('h'), created('h'), renamed);
  const projector = start(other);
  await vi.waitFor(() => expect(projector.state()).toBe('refused'));
  expect(onRefused.mock.lastCall?.[0]).toBeInstanceOf(CheckpointNotInLog);
  await projector.stop();
  expect(projector.state()).toBe('refused');
  // Another may write it.
  await (await builds.openWriter('build-1', AbortSignal.timeout(1_000))).close();
});

test('a log that is away is waited for, and said once in a sentence', async () => {
  const { log, start, told, trouble, builds } = await stage();
  let refusals = 2;
  const endPosition = async () => {
    refusals -= 1;
    if (refusals >= 0) throw new LogRefused('denied access');
    return log.endPosition();
  };
  const projector = start({ ...log, endPosition });
  await vi.waitFor(() => expect(trouble.refusal()).toBe('denied access'));
  expect(projector.state()).toBe('waiting');
  await vi.waitFor(() => expect(projector.state()).toBe('projecting'), { timeout: 10_000 });
  expect((await builds.list()).map(({ id }) => id)).toEqual(['build-1']);
  await projector.stop();
  expect(told).toMatchObject([
    { msg: 'waiting for the event store', reason: 'denied access' },
    { msg: 'this process builds the read models' },
    { msg: 'this process projects the log' },
  ]);
});

test('a listener that throws is a line of the log: it projects on, and the others are called', async () => {
  const { start, told } = await stage();
  const projector = start();
  const others = vi.fn();
  projector.onServing(() => {
    throw new Error('a reader broke');
  });
  projector.onServing(others);
  await vi.waitFor(() => expect(others).toHaveBeenCalledOnce());
  expect(projector.state()).toBe('projecting');
  expect(told.filter(({ level }) => level > 30)).toMatchObject([
    { level: 50, msg: 'something that is told of the projector has thrown' },
  ]);
});
