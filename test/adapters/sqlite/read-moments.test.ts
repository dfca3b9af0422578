import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openSqliteReadModels } from '../../../src/adapters/sqlite/read-models.ts';
import type { MomentLimits } from '../../../src/adapters/sqlite/read-moments.ts';
import { MomentPassed, ReadModelsUnavailable, type ReadMoment } from '../../../src/ports/read-models.ts';
import { History } from '../../contract/read-models-history.ts';
import { emptyFile, openWriter } from './written-read-models.ts';

async function opened(momentLimits: Partial<MomentLimits>) {
  const file = emptyFile();
  const writer = openWriter(file);
  const history = new History().create('g', 'Group', ['ada']);
  await history.apply(writer);
  const readModels = openSqliteReadModels({ file, momentLimits });
  onTestFinished(async () => {
    await readModels.close();
    await writer.close();
  });
  return { readModels, writer, history };
}

/** Whether it has opened by the time that all which is to be done now is done. */
async function hasOpened(moment: Promise<ReadMoment>): Promise<boolean> {
  let isOpen = false;
  void moment.then(() => {
    isOpen = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return isOpen;
}

test('no more moments are open than may be: who comes later waits, and the first who waits is the next', async () => {
  const { readModels } = await opened({ open: 2 });
  const [first, second] = [await readModels.moment(), await readModels.moment()];
  const [third, fourth] = [readModels.moment(), readModels.moment()];
  expect([await hasOpened(third), await hasOpened(fourth)]).toEqual([false, false]);
  await first.close();
  expect([await hasOpened(third), await hasOpened(fourth)]).toEqual([true, false]);
  await second.close();
  expect(await hasOpened(fourth)).toBe(true);
  for (const moment of [await third, await fourth]) {
    expect(await moment.groups(['g'])).toHaveLength(1);
    await moment.close();
  }
});

test('who waits too long for a moment is told so, and takes none from the next', async () => {
  const { readModels } = await opened({ open: 1, patienceMilliseconds: 5 });
  const first = await readModels.moment();
  await expect(readModels.moment()).rejects.toThrow(ReadModelsUnavailable);
  await first.close();
  const second = await readModels.moment();
  expect(await second.groups(['g'])).toHaveLength(1);
  await second.close();
});

test('a moment that nobody closes passes by itself, and its place is free', async () => {
  const { readModels } = await opened({ open: 1, milliseconds: 5 });
  const forgotten = await readModels.moment();
  const next = await readModels.moment();
  await expect(forgotten.groups(['g'])).rejects.toThrow(MomentPassed);
  await next.close();
});

test('a moment that cannot be begun takes no place', async () => {
  const { readModels } = await opened({ open: 1 });
  await readModels.close();
  for (let times = 0; times < 3; times += 1) {
    await expect(readModels.moment()).rejects.toThrow(ReadModelsUnavailable);
  }
});

test('who waits for a moment of read models that are closed is told so', async () => {
  const { readModels } = await opened({ open: 1 });
  const open = await readModels.moment();
  const waiting = readModels.moment();
  const told = expect(waiting).rejects.toThrow(ReadModelsUnavailable);
  await readModels.close();
  await told;
  await expect(open.groups(['g'])).rejects.toThrow(MomentPassed);
});

test('where the write-ahead log has grown, no moment is begun until none is open', async () => {
  const { readModels } = await opened({ logBytes: 0, lookMilliseconds: 0 });
  // Nothing is open: it has its rest at once.
  const first = await readModels.moment();
  await first.close();
  const second = await readModels.moment();
  const third = readModels.moment();
  expect(await hasOpened(third)).toBe(false);
  await second.close();
  expect(await (await third).groups(['g'])).toHaveLength(1);
  await (await third).close();
});

test('connections that are not needed any more are closed, and the next moment has a new one', async () => {
  const opening = vi.spyOn(DatabaseSync.prototype, 'exec');
  const closing = vi.spyOn(DatabaseSync.prototype, 'close');
  onTestFinished(() => void vi.restoreAllMocks());
  const { readModels } = await opened({ idleMilliseconds: 0 });
  const moments = [await readModels.moment(), await readModels.moment()];
  closing.mockClear();
  for (const moment of moments) await moment.close();
  await expect.poll(() => closing.mock.calls.length).toBe(2);
  const again = await readModels.moment();
  expect(opening).toHaveBeenLastCalledWith('BEGIN');
  expect(await again.groups(['g'])).toHaveLength(1);
  await again.close();
});
