import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { openHighwater } from '../../src/processes/highwater.ts';
import { createLogger } from '../../src/processes/logger.ts';
import { CheckpointNotInLog } from '../../src/projections/checkpoint-in-log.ts';
import { marks } from '../contract/event-log-samples.ts';

const logger = createLogger({ logLevel: 'silent' });

// Each start is threads and files: much for a machine that does other things besides.
describe('embedded read models', { timeout: 60_000 }, () => {
  let root: string;
  const inDirectory = (name: string) => join(root, name);

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'highwater-not-in-log-'));
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  });

  /** Runs on a data directory until its read models hold so many more events. */
  async function run(name: string, count: number, first = 0): Promise<void> {
    const highwater = await openHighwater(readConfig({ HIGHWATER_DATA: inDirectory(name) }), { logger });
    const { log, freshness } = highwater.services;
    try {
      const [last] = await log.readStreamBackwards('orders-1', undefined, 1);
      const version = last?.version ?? -1;
      if (count > 0) await log.append('orders-1', version, marks(first + version + 1, count));
      expect(await freshness.atLeast(await log.endPosition())).toBeUndefined();
    } finally {
      await highwater.close();
    }
  }

  const copy = (from: string, to: string, file: string) => {
    rmSync(join(inDirectory(to), file), { recursive: true });
    cpSync(join(inDirectory(from), file), join(inDirectory(to), file), { recursive: true });
  };

  test('of a log that goes further are refused under this one, and are built anew once they are thrown away', async () => {
    await run('long', 20);
    await run('short', 5);
    copy('long', 'short', 'read-models');
    const opening = run('short', 0);
    await expect(opening).rejects.toThrow(CheckpointNotInLog);
    await expect(opening).rejects.toThrow(/everything up to position 19 of another log .*: the log ends at 4/);
    rmSync(join(inDirectory('short'), 'read-models'), { recursive: true });
    await run('short', 1);
  });

  test('are refused when the log was restored from a backup beneath them, also once it has grown past them', async () => {
    await run('data', 5);
    cpSync(inDirectory('data'), inDirectory('backup'), { recursive: true });
    await run('data', 5);
    cpSync(inDirectory('data'), inDirectory('before'), { recursive: true });
    copy('backup', 'data', 'log.db');
    await expect(run('data', 0)).rejects.toThrow(/everything up to position 9 of another log .*: the log ends at 4/);
    // As the operations manual says: with the read models of the same backup, or without any.
    copy('backup', 'data', 'read-models');
    await run('data', 20, 100);
    copy('before', 'data', 'read-models');
    await expect(run('data', 0)).rejects.toThrow(
      /everything up to position 9 of another log .*: version 9 of orders-1 is event/,
    );
  });
});
