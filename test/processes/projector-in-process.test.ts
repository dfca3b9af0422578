import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import { LeaseLost, ReadModelsCorrupt } from '../../src/ports/read-model-faults.ts';
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
  const projector = startProjectorInProcess({
    log,
    logger: pino({ level: 'info' }, { write: (line) => void told.push(JSON.parse(line).msg) }),
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
