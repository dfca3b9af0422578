import { expect, test, vi } from 'vitest';
import { groupStream, readsStream, type StreamName } from '../../src/events/stream-name.ts';
import type { Poison } from '../../src/projections/projection-batch.ts';
import { sent } from '../commands/events.ts';
import { createInMemoryEventLog, type InMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { created, createWriter, mark, reached, renamed, start } from './projection-under-test.ts';
import { appendTo } from './recorded-events.ts';

/** Two groups of four events and three marks each, one after the other. */
async function logOfTwoGroups(): Promise<InMemoryEventLog> {
  const log = createInMemoryEventLog();
  for (const groupId of ['half', 'whole']) {
    await appendTo(log, groupStream(groupId), created(groupId), sent(1, 'ada'), renamed, sent(2, 'ada'));
    await appendTo(log, readsStream(groupId), mark(groupId, 1), mark(groupId, 2), mark(groupId, 2));
  }
  return log;
}

async function project(log: InMemoryEventLog) {
  const stage = createWriter();
  const { writer } = stage;
  const onPoison = vi.fn<(poison: Poison) => void>();
  const { stop } = start({ log, writer, onPoison });
  await reached(log, writer);
  return { ...stage, onPoison, stop };
}

const group = groupStream('half');
const reads = readsStream('half');
const only = (streamName: StreamName, version: number) =>
  `${streamName}, version ${version}: the log holds ${streamName} only from version ${version} on`;

test.each([
  ['its beginning', group, 0, 2, only(group, 2), -1],
  ['all but its newest event', group, 0, 3, only(group, 3), -1],
  ['an event in between', group, 1, 2, `${group}, version 2: the log misses version 1 of ${group}`, 0],
  ['the first of its marks', reads, 0, 1, only(reads, 1), -1],
  ['marks in between', reads, 1, 2, `${reads}, version 2: the log misses version 1 of ${reads}`, 0],
] as const)('a group whose streams miss %s is halted there, and nothing is projected from there on', async (...row) => {
  const [, streamName, from, before, reason, projected] = row;
  const log = await logOfTwoGroups();
  log.cutOut(streamName, from, before);
  const { group: stored, onPoison, writer } = await project(log);
  expect(await writer.haltedGroups()).toMatchObject([{ groupId: 'half', reason }]);
  expect(onPoison).toHaveBeenCalledTimes(1);
  const { version, readsVersion } = stored('half')?.group ?? expect.fail();
  expect(streamName === group ? version : readsVersion).toBe(projected);
  expect(stored('whole')?.group).toMatchObject({ version: 3, readsVersion: 2, haltedAt: null });
  expect(stored('whole')?.messages.size).toBe(2);
});

test('the control: where nothing is missing nobody is halted, and what the rows hold already may be gone', async () => {
  const log = await logOfTwoGroups();
  const { writer, group: stored, stop } = await project(log);
  expect(await writer.haltedGroups()).toEqual([]);
  expect(stored('half')?.messages.size).toBe(2);
  await stop();
  log.cutOut(group, 0, 2);
  log.cutOut(reads, 0, 2);
  await appendTo(log, group, sent(3, 'ada'));
  start({ log, writer });
  await reached(log, writer);
  expect(await writer.haltedGroups()).toEqual([]);
  expect(stored('half')?.messages.size).toBe(3);
});

test('a group whose stream was deleted for good is halted, once and for ever, with a reason that says so', async () => {
  const log = await logOfTwoGroups();
  log.deleteForGood(group);
  const { group: stored, writer, stop } = await project(log);
  const [halt] = await writer.haltedGroups();
  expect(halt).toMatchObject({ groupId: 'half', reason: `${group}: ${group} was deleted for good ($streamDeleted)` });
  expect(stored('half')?.messages.size).toBe(2);
  await stop();
  // The next start tries again what it can read: of that stream there is nothing.
  const onResumed = vi.fn();
  await appendTo(log, groupStream('whole'), renamed);
  start({ log, writer, onResumed });
  await reached(log, writer);
  expect(await writer.haltedGroups()).toEqual([halt]);
  expect(onResumed).not.toHaveBeenCalled();
});
