import { expect, test, vi } from 'vitest';
import { groupStream } from '../../src/events/stream-name.ts';
import { startOfLog } from '../../src/ports/event-log.ts';
import { sent } from '../commands/events.ts';
import { createInMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { created, createWriter, reached, renamed, start } from './projection-under-test.ts';
import { appendTo } from './recorded-events.ts';

/** A writer that fails on every change to the group's name. */
function writerThatFailsOn(bad: string) {
  const made = createWriter();
  const { apply } = made.writer;
  made.writer.apply = async (changes, checkpoint) => {
    const fails = changes.some(({ type, groupId }) => type === 'renameGroup' && groupId === bad);
    if (fails) throw new TypeError('a defect of the writer');
    return apply(changes, checkpoint);
  };
  return made;
}

async function logOfTwoGroups() {
  const log = createInMemoryEventLog();
  for (const groupId of ['bad', 'good']) await appendTo(log, groupStream(groupId), created(groupId), renamed);
  return log;
}

test('the checkpoint moves only with the last of what is applied group by group', async () => {
  const log = await logOfTwoGroups();
  const { writer, batches, all } = writerThatFailsOn('bad');
  start({ log, writer });
  await reached(log, writer);
  const checkpoints = batches.map(({ checkpoint }) => checkpoint);
  expect(checkpoints.length).toBeGreaterThan(2);
  expect(checkpoints.slice(0, -1)).toEqual(checkpoints.slice(0, -1).map(() => startOfLog));
  expect(all().filter(({ type }) => type === 'haltGroup')).toMatchObject([{ groupId: 'bad' }]);
});

test('nothing more is applied of a group that the writer has failed on', async () => {
  const log = await logOfTwoGroups();
  const { writer, all } = writerThatFailsOn('bad');
  start({ log, writer });
  await reached(log, writer);
  for (const groupId of ['bad', 'good']) await appendTo(log, groupStream(groupId), sent(1, 'ada'));
  await reached(log, writer);
  expect(all().filter(({ type }) => type === 'putMessage')).toMatchObject([{ groupId: 'good' }]);
});

test('a group on which the writer fails again at the next start stays halted', async () => {
  const log = await logOfTwoGroups();
  const { writer, all } = writerThatFailsOn('bad');
  const first = start({ log, writer });
  await reached(log, writer);
  await first.stop();
  await appendTo(log, groupStream('good'), renamed);
  // The rows of the one that fails are at the event before.
  writer.groupEnds = async () => [
    { groupId: 'bad', version: 0, readsVersion: -1, lastSeq: 0 },
    { groupId: 'good', version: 1, readsVersion: -1, lastSeq: 0 },
  ];
  const onResumed = vi.fn();
  start({ log, writer, onResumed });
  await reached(log, writer);
  expect(all().filter(({ type }) => type === 'resumeGroup')).toEqual([]);
  expect(await writer.haltedGroups()).toMatchObject([{ groupId: 'bad' }]);
  expect(onResumed).not.toHaveBeenCalled();
});

test('a writer that fails on every one of several groups halts none of them', async () => {
  const log = await logOfTwoGroups();
  const { writer } = createWriter();
  const { apply } = writer;
  writer.apply = async (changes, checkpoint) => {
    if (changes.some(({ type }) => type === 'renameGroup')) throw new TypeError('a defect of the writer');
    return apply(changes, checkpoint);
  };
  const { ended } = start({ log, writer });
  await expect(ended).rejects.toThrow('a defect of the writer');
  expect(await writer.haltedGroups()).toEqual([]);
});
