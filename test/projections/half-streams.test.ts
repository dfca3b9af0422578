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
  const { writer, all } = createWriter();
  const onPoison = vi.fn<(poison: Poison) => void>();
  start({ log, writer, onPoison });
  await reached(log, writer);
  return { of: (groupId: string) => all().filter((change) => change.groupId === groupId), onPoison, writer };
}

const group = groupStream('half');
const reads = readsStream('half');
const only = (streamName: StreamName, version: number) =>
  `${streamName}, version ${version}: the log holds ${streamName} only from version ${version} on`;

test.each([
  ['its beginning', group, 0, 2, only(group, 2), 0],
  ['all but its newest event', group, 0, 3, only(group, 3), 0],
  ['an event in between', group, 1, 2, `${group}, version 2: the log misses version 1 of ${group}`, 1],
  ['the first of its marks', reads, 0, 1, only(reads, 1), 4],
  ['marks in between', reads, 1, 2, `${reads}, version 2: the log misses version 1 of ${reads}`, 5],
] as const)('a group whose streams miss %s is halted there, and nothing is projected from there on', async (...row) => {
  const [, streamName, from, before, reason, eventsProjected] = row;
  const log = await logOfTwoGroups();
  log.cutOut(streamName, from, before);
  const { of, onPoison, writer } = await project(log);
  expect(await writer.haltedGroups()).toMatchObject([{ groupId: 'half', reason }]);
  expect(onPoison).toHaveBeenCalledTimes(1);
  const changes = of('half').filter(({ type }) => type !== 'haltGroup');
  expect(new Set(changes.map(({ position }) => position)).size).toBeLessThanOrEqual(eventsProjected);
  const halt = of('half').find(({ type }) => type === 'haltGroup');
  for (const { position } of changes) expect(position).toBeLessThan(halt?.position ?? Number.NaN);
  expect(of('whole').map(({ type }) => type)).toContain('putMessage');
});

test('the control: where nothing is missing nobody is halted, and what the rows hold already may be gone', async () => {
  const { writer, of } = await project(await logOfTwoGroups());
  expect(await writer.haltedGroups()).toEqual([]);
  expect(of('half').filter(({ type }) => type === 'putMessage')).toHaveLength(2);

  const cut = await logOfTwoGroups();
  cut.cutOut(group, 0, 2);
  cut.cutOut(reads, 0, 2);
  const older = createWriter();
  older.writer.groupEnds = async () => [{ groupId: 'half', version: 1, readsVersion: 1, lastSeq: 1 }];
  start({ log: cut, writer: older.writer });
  await reached(cut, older.writer);
  expect(await older.writer.haltedGroups()).toEqual([]);
  expect(older.all().filter(({ type, groupId }) => type === 'putMessage' && groupId === 'half')).toHaveLength(1);
});

test('a group whose stream was deleted for good is halted, once and for ever, with a reason that says so', async () => {
  const log = await logOfTwoGroups();
  log.deleteForGood(group);
  const { of, writer } = await project(log);
  const [halt] = await writer.haltedGroups();
  expect(halt).toMatchObject({ groupId: 'half', reason: `${group}: ${group} was deleted for good ($streamDeleted)` });
  expect(of('half').filter(({ type }) => type === 'putMessage')).toHaveLength(2);
  // The next start tries again what it can read: of that stream there is nothing.
  const onResumed = vi.fn();
  await appendTo(log, groupStream('whole'), renamed);
  start({
    log,
    writer: {
      ...writer,
      groupEnds: async (ids) => [...ids].map((id) => ({ groupId: id, version: 3, readsVersion: 2, lastSeq: 2 })),
    },
    onResumed,
  });
  await reached(log, writer);
  expect(await writer.haltedGroups()).toEqual([halt]);
  expect(onResumed).not.toHaveBeenCalled();
});
