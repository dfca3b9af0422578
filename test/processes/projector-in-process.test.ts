import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import { LogRefused } from '../../src/ports/event-log.ts';
import { LeaseLost, ReadModelsCorrupt } from '../../src/ports/read-model-faults.ts';
import { createLogTrouble } from '../../src/processes/log-trouble.ts';
import { startProjectorInProcess } from '../../src/processes/projector-in-process.ts';
import { marks } from '../contract/event-log-samples.ts';
import { createInMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { createWriter } from '../projections/projection-under-test.ts';

/** A projector whose first writer fails with the error, and whose second one goes on. */
async function startFailing(error: Error) {
  const log = createInMemoryEventLog();
  await log.append('orders-1', -1, marks(0, 2));
  const told: string[] = [];
  const { writer, batches, failures } = createWriter();
  failures.push(error);
  const logger = pino({ level: 'info' }, { write: (line) => void told.push(JSON.parse(line).msg) });
  const projector = startProjectorInProcess({
    log,
    logger,
    trouble: createLogTrouble(logger),
    openWriter: async () => {
      told.push('opened');
      return { ...writer, close: async () => void told.push('closed') };
    },
    onCorrupt: () => told.push('corrupt'),
    onRefused: vi.fn(),
    pauses: { first: 0, longest: 0 },
  });
  await vi.waitFor(() => expect(batches).toHaveLength(1));
  await projector.stop();
  const news = 'this process projects the log into the read models';
  return told.filter((line) => line !== news);
}

test('read models that are corrupt are told of when they are let go, before others are opened', async () => {
  expect(await startFailing(new ReadModelsCorrupt('a page is damaged'))).toEqual([
    ...['opened', 'closed', 'the projector has ended; it is started again', 'corrupt', 'opened', 'closed'],
  ]);
});

test('a projector that has lost its lease begins again from the checkpoint, on a writer of its own', async () => {
  const line = 'the lease is lost: this process stands by';
  expect(await startFailing(new LeaseLost('another was quicker'))).toEqual([
    ...['opened', 'closed', line, 'opened', 'closed'],
  ]);
});

test('a log that is away is waited for on the same writer, and said once in a sentence', async () => {
  const log = createInMemoryEventLog();
  await log.append('orders-1', -1, marks(0, 2));
  const lines: { msg: string; reason?: string; err?: unknown }[] = [];
  const logger = pino({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line)) });
  let refusals = 2;
  const endPosition = async () => {
    refusals -= 1;
    if (refusals >= 0) throw new LogRefused('denied access');
    return log.endPosition();
  };
  const { writer, batches } = createWriter();
  const openWriter = vi.fn(async () => writer);
  const trouble = createLogTrouble(logger);
  const parts = { log: { ...log, endPosition }, logger, trouble, openWriter, onRefused: vi.fn() };
  const projector = startProjectorInProcess(parts);
  await vi.waitFor(() => expect(trouble.refusal()).toBe('denied access'));
  expect(projector.state()).toBe('waiting');
  await vi.waitFor(() => expect(batches).toHaveLength(1), { timeout: 10_000 });
  expect(projector.state()).toBe('projecting');
  await projector.stop();
  expect(openWriter).toHaveBeenCalledOnce();
  expect(lines.map(({ msg, reason, err }) => ({ msg, reason, err }))).toEqual([
    { msg: 'this process projects the log into the read models' },
    { msg: 'waiting for the event store', reason: 'denied access' },
  ]);
});
