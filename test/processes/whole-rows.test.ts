import { expect, test } from 'vitest';
import { groupStream } from '../../src/events/stream-name.ts';
import { LogUnavailable } from '../../src/ports/event-log.ts';
import { ReadModelsCorrupt } from '../../src/ports/read-model-faults.ts';
import type { ReadModels } from '../../src/ports/read-models.ts';
import { createWholeRows } from '../../src/processes/whole-rows.ts';
import { runProjection } from '../../src/projections/run-projection.ts';
import { createInMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { createInMemoryStore } from '../fakes/in-memory-read-models.ts';
import type { BuildRows, GroupRows } from '../fakes/in-memory-rows.ts';
import { beginGroup } from '../projections/projection-under-test.ts';

/** A group of three members and five messages in two builds, and what a process sees of them. */
async function stage() {
  const log = createInMemoryEventLog();
  await beginGroup(log, 'g', { memberCount: 3, messages: 5 });
  const store = createInMemoryStore();
  const builds = store.of(3);
  const whole = createWholeRows(log);
  const fill = async () => {
    const id = await builds.create();
    const { signal } = new AbortController();
    const writer = await builds.openWriter(id, signal);
    await runProjection({ log, writer, signal, once: true });
    await writer.close();
    return { rows: store.rows(id), readModels: whole(id, await builds.openReadModels(id)) };
  };
  return { log, first: await fill(), second: await fill() };
}

const groupOf = ({ groups }: BuildRows): GroupRows => groups.get('g') ?? expect.fail();
const pages: Readonly<Record<string, { fromSeq: number; toSeq: number; limit: number; last: boolean }>> = {
  all: { fromSeq: 1, toSeq: 9, limit: 9, last: false },
  first: { fromSeq: 1, toSeq: 5, limit: 2, last: false },
  last: { fromSeq: 1, toSeq: 5, limit: 2, last: true },
  middle: { fromSeq: 2, toSeq: 4, limit: 9, last: true },
  beyond: { fromSeq: 6, toSeq: 9, limit: 9, last: false },
  none: { fromSeq: 1, toSeq: 5, limit: 0, last: true },
};
const page = (name: string) => (readModels: ReadModels) => readModels.timelinePage('g', pages[name] ?? expect.fail());
const snapshot = (readModels: ReadModels) => readModels.groupSnapshot('g');
const groups = (readModels: ReadModels) => readModels.groups(['h', 'g']);
const without = (seq: number) => (rows: BuildRows) => void groupOf(rows).messages.delete(seq);
const withoutGroup = (rows: BuildRows) => void rows.groups.delete('g');

test.each<readonly [string, (rows: BuildRows) => void, (readModels: ReadModels) => Promise<unknown>]>([
  ['a group, asked for whole', withoutGroup, snapshot],
  ['a group, asked for among others', withoutGroup, groups],
  ['one of its members', (rows) => groupOf(rows).members.delete('ada'), snapshot],
  ['all of its members', (rows) => groupOf(rows).members.clear(), snapshot],
  ['its messages', (rows) => groupOf(rows).messages.clear(), page('all')],
  ['its newest message', without(5), page('last')],
  ['its newest message, of which the page is not full', without(5), page('all')],
  ['its oldest message', without(1), page('first')],
  ['a message in between', without(3), page('all')],
  ['a message in between, of which the page is full', without(2), page('first')],
  ['a message at the page’s end', without(4), page('middle')],
  ['a message at the page’s beginning', without(2), page('middle')],
])('rows that somebody has deleted are no facts: %s', async (_, damage, ask) => {
  const { first } = await stage();
  const before = await ask(first.readModels);
  expect(before).toBeDefined();
  damage(first.rows);
  await expect(ask(first.readModels)).rejects.toThrow(ReadModelsCorrupt);
  // As long as the build answers.
  await expect(ask(first.readModels)).rejects.toThrow(/group g misses rows/);
  const moment = await first.readModels.moment();
  await expect(ask({ ...first.readModels, ...moment })).rejects.toThrow(/group g misses rows/);
});

test.each(Object.keys(pages))('the control: where nothing is missing it is answered, page %s too', async (name) => {
  const { first } = await stage();
  const { fromSeq, toSeq, limit, last } = pages[name] ?? expect.fail();
  const seqs = [1, 2, 3, 4, 5].filter((seq) => seq >= fromSeq && seq <= toSeq);
  const expected = last ? seqs.slice(Math.max(0, seqs.length - limit)) : seqs.slice(0, limit);
  expect((await page(name)(first.readModels)).map(({ seq }) => seq)).toEqual(expected);
  expect(await snapshot(first.readModels)).toMatchObject({ group: { memberCount: 3 } });
  expect(await groups(first.readModels)).toHaveLength(1);
  expect(await first.readModels.groupSnapshot('h')).toBeUndefined();
});

test('what the next build says too is as the log has it, and is answered', async () => {
  const { first, second } = await stage();
  for (const { rows } of [first, second]) groupOf(rows).members.delete('ada');
  await expect(snapshot(first.readModels)).rejects.toThrow('2 of 3 members are there');
  expect((await snapshot(second.readModels))?.members).toHaveLength(2);
});

test('a group that is not projected yet, or is halted at its first event, is not missing', async () => {
  const { log, first } = await stage();
  const { rows, readModels } = first;
  const { checkpoint } = rows;
  await beginGroup(log, 'late');
  expect(await readModels.groupSnapshot('late')).toBeUndefined();
  rows.checkpoint = { ...checkpoint, position: await log.endPosition() };
  await expect(readModels.groupSnapshot('late')).rejects.toThrow(ReadModelsCorrupt);
  const group = groupOf(rows);
  const halted = { ...group.group, groupId: 'late', createdAt: null, haltedAt: 1, haltReason: 'not JSON' };
  rows.groups.set('late', { ...group, group: halted });
  expect(await readModels.groupSnapshot('late')).toBeUndefined();
});

test('a log that is away, or has let go of the group’s beginning, says nothing of its rows', async () => {
  const { log, first } = await stage();
  withoutGroup(first.rows);
  log.cutOut(groupStream('g'), 0, 1);
  expect(await snapshot(first.readModels)).toBeUndefined();
  log.readStream = async () => {
    throw new LogUnavailable('by order of the test');
  };
  expect(await snapshot(first.readModels)).toBeUndefined();
});
