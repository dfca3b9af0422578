import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { readConfig } from '../../src/config.ts';
import type { ReadModelWriter } from '../../src/ports/read-models.ts';
import { openHighwater } from '../../src/processes/highwater.ts';
import { createLogTrouble } from '../../src/processes/log-trouble.ts';
import { createLogger } from '../../src/processes/logger.ts';
import { startProjectorInProcess } from '../../src/processes/projector-in-process.ts';
import { CheckpointAheadOfLog } from '../../src/projections/checkpoint-ahead.ts';
import { marks } from '../contract/event-log-samples.ts';
import { createInMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { createWriter, start } from '../projections/projection-under-test.ts';

const logger = createLogger({ logLevel: 'silent' });

/** A log that ends at 4 at most, and a writer whose checkpoint is beyond. */
async function ahead() {
  const log = createInMemoryEventLog();
  await log.append('orders-1', -1, marks(0, 2));
  const { writer, batches } = createWriter();
  const end = await log.endPosition();
  const apply = vi.fn(writer.apply);
  return {
    log,
    batches,
    apply,
    writer: { ...writer, apply, checkpoint: async () => end + 1 } satisfies ReadModelWriter,
  };
}

test('a projection whose checkpoint is beyond the log’s end begins nothing and says so', async () => {
  const { log, writer, apply } = await ahead();
  const onCheckpoint = vi.fn();
  const { ended } = start({ log, writer, onCheckpoint });
  await expect(ended).rejects.toThrow(CheckpointAheadOfLog);
  await log.append('orders-1', 1, marks(2, 5));
  expect(apply).not.toHaveBeenCalled();
  expect(onCheckpoint).not.toHaveBeenCalled();
});

test('a projector whose read models are ahead has ended for good, and lets go of them', async () => {
  const { log, writer, apply } = await ahead();
  const close = vi.fn(writer.close);
  const openWriter = vi.fn(async () => ({ ...writer, close }));
  const refused = Promise.withResolvers<Error>();
  const trouble = createLogTrouble(logger);
  const projector = startProjectorInProcess({ log, openWriter, logger, trouble, onRefused: refused.resolve });
  expect(await refused.promise).toBeInstanceOf(CheckpointAheadOfLog);
  await projector.stop();
  expect(projector.state()).toBe('refused');
  expect({ opened: openWriter.mock.calls.length, closed: close.mock.calls.length }).toEqual({ opened: 1, closed: 1 });
  expect(apply).not.toHaveBeenCalled();
});

// Each start is threads and files: much for a machine that does other things besides.
describe('embedded read models', { timeout: 60_000 }, () => {
  let root: string;
  const inDirectory = (name: string) => ({ logger, directory: join(root, name) });

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'highwater-ahead-'));
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  });

  /** Runs on a data directory until its read models hold so many more events. */
  async function run(name: string, count: number): Promise<void> {
    const highwater = await openHighwater(readConfig({ HIGHWATER_DATA: inDirectory(name).directory }), { logger });
    const { log, freshness } = highwater.services;
    try {
      const [last] = await log.readStreamBackwards('orders-1', undefined, 1);
      const version = last?.version ?? -1;
      if (count > 0) await log.append('orders-1', version, marks(version + 1, count));
      expect(await freshness.atLeast(await log.endPosition())).toBeUndefined();
    } finally {
      await highwater.close();
    }
  }

  const copy = (from: string, to: string, file: string) =>
    cpSync(join(inDirectory(from).directory, file), join(inDirectory(to).directory, file));

  test('of a log that goes further are refused under this one, and are built anew once they are thrown away', async () => {
    await run('long', 20);
    await run('short', 5);
    copy('long', 'short', 'read-models.db');
    const opening = run('short', 0);
    await expect(opening).rejects.toThrow(CheckpointAheadOfLog);
    await expect(opening).rejects.toThrow(/everything up to position 19, but the log ends at 4/);
    rmSync(join(inDirectory('short').directory, 'read-models.db'));
    await run('short', 1);
  });

  test('are refused when the log was restored from a backup beneath them', async () => {
    await run('data', 5);
    cpSync(inDirectory('data').directory, inDirectory('backup').directory, { recursive: true });
    await run('data', 5);
    copy('backup', 'data', 'log.db');
    await expect(run('data', 0)).rejects.toThrow(/everything up to position 9, but the log ends at 4/);
    // As the operations manual says: with the read models of the same backup, or without any.
    copy('backup', 'data', 'read-models.db');
    await run('data', 1);
  });
});
