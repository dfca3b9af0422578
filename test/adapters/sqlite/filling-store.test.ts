import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { packError, unpackError } from '../../../src/adapters/sqlite/filling-messages.ts';
import { openFillingStore } from '../../../src/adapters/sqlite/filling-store.ts';
import { openSqliteReadModelWriter } from '../../../src/adapters/sqlite/read-model-writer.ts';
import { BuildGone } from '../../../src/ports/read-model-builds.ts';
import {
  LeaseLost,
  ReadModelsCorrupt,
  ReadModelsUnavailable,
  ReadModelsUnwritable,
  WriterEnded,
} from '../../../src/ports/read-model-faults.ts';
import type { RowStore } from '../../../src/ports/row-store.ts';
import { type ProjectionOptions, runProjection } from '../../../src/projections/run-projection.ts';
import { anyHistory, begin } from '../../contract/spoiled-histories.ts';
import { assertAsyncProperty } from '../../fakes/assert-property.ts';
import { logOf } from '../../fakes/log-of-entries.ts';
import { everyRow } from './every-row.ts';
import { emptyFile } from './written-read-models.ts';

const never = new AbortController().signal;

/** Every row of a file that the log was projected into. */
async function projected(log: ProjectionOptions['log'], how: Partial<ProjectionOptions>) {
  const file = emptyFile();
  const writer = openSqliteReadModelWriter({ file });
  await runProjection({ log, writer, signal: never, once: true, ...how });
  await writer.close();
  return everyRow(file);
}

test('what is filled with a commit always under way is what is projected in one', { timeout: 60_000 }, async () => {
  await assertAsyncProperty(
    fc.asyncProperty(anyHistory, async (entries) => {
      const log = await logOf(entries, 3);
      const filled = await projected(log, { filling: true, bytesPerBatch: 1_500 });
      expect(filled).toEqual(await projected(log, {}));
    }),
    { numRuns: 4 },
  );
});

test('a writer that has written before it fills, and goes on afterwards, writes what one does that never fills', async () => {
  const entries = [...begin('g'), ...begin('h'), ...begin('i')];
  const file = emptyFile();
  const opened = openSqliteReadModelWriter({ file });
  const commit = vi.fn(opened.commit);
  const writer = { ...opened, commit };
  for (const [groups, filling] of [
    [1, false],
    [2, true],
    [3, false],
  ] as const) {
    const log = await logOf(entries.slice(0, 2 * groups), 3);
    await runProjection({ log, writer, signal: never, once: true, filling });
  }
  await writer.close();
  expect(everyRow(file)).toEqual(await projected(await logOf(entries, 3), {}));
  // One that fails is tried again in smaller steps, which would hide it.
  expect(commit.mock.settledResults.every(({ type }) => type === 'fulfilled')).toBe(true);
});

async function fillingStore(file: string, script?: URL): Promise<RowStore> {
  const store = await openFillingStore(file, () => undefined, script);
  onTestFinished(() => store.close());
  return store;
}

const checkpoint = { position: 1, event: undefined };

test('a thread that ends is told as that, to the commit that is under way and to every later one', async () => {
  const ends = new URL('data:text/javascript,process.exit(7)');
  const store = await fillingStore(emptyFile(), ends);
  const told = new WriterEnded('the thread that writes the read models has ended: exit code 7');
  await expect(store.commit([], checkpoint)).rejects.toThrow(told);
  await expect(store.commit([], checkpoint)).rejects.toThrow(told);
});

test('a thread that ends rejects the projection, which has applied nothing by itself', async () => {
  const file = emptyFile();
  const writer = openSqliteReadModelWriter({ file });
  onTestFinished(() => writer.close());
  const ends = new URL('data:text/javascript,throw new Error("by order of the test")');
  const log = await logOf(begin('g'), 3);
  const openForFilling = () => openFillingStore(file, () => undefined, ends);
  const running = runProjection({
    log,
    writer: { ...writer, openForFilling },
    signal: never,
    once: true,
    filling: true,
  });
  await expect(running).rejects.toThrow(WriterEnded);
  await expect(running).rejects.toThrow('by order of the test');
  expect(await writer.checkpoint()).toEqual({ position: -1, event: undefined });
});

test('a file that is gone is told as a lease that was lost', async () => {
  const file = emptyFile();
  const store = await fillingStore(file);
  await store.commit([], checkpoint);
  rmSync(file);
  await expect(store.commit([], checkpoint)).rejects.toThrow(LeaseLost);
});

test.each([
  new LeaseLost('a'),
  new ReadModelsCorrupt('b'),
  new ReadModelsUnwritable('c'),
  new ReadModelsUnavailable('d'),
  new BuildGone('e'),
  new RangeError('f'),
])('%s is the same once it has crossed to another thread; a defect is one still', (error) => {
  const crossed = unpackError(structuredClone(packError(error)));
  expect(crossed.message).toBe(error.message);
  expect(crossed.constructor).toBe(error instanceof RangeError ? Error : error.constructor);
});
