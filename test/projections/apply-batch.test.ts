import { expect, test, vi } from 'vitest';
import { groupStream } from '../../src/events/stream-name.ts';
import { startOfLog } from '../../src/ports/event-log.ts';
import type { ChangedGroup, ReadModelWriter } from '../../src/ports/row-store.ts';
import { sent } from '../commands/events.ts';
import { createInMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { created, createWriter, reached, renamed, start } from './projection-under-test.ts';
import { appendTo } from './recorded-events.ts';

const isRename = ({ group }: ChangedGroup): boolean => group.after.name === 'Anew' && group.before?.name !== 'Anew';

/** A writer that fails on whatever changes a group's name. */
function failing(writer: ReadModelWriter, fails: (group: ChangedGroup) => boolean): ReadModelWriter {
  return {
    ...writer,
    commit: async (groups, checkpoint) => {
      if (groups.some((group) => isRename(group) && fails(group))) throw new TypeError('a defect of the writer');
      return writer.commit(groups, checkpoint);
    },
    openForFilling: async () => ({ ...failing(writer, fails), close: async () => undefined }),
  };
}

function writerThatFailsOn(bad: string) {
  const made = createWriter();
  return { ...made, sound: made.writer, writer: failing(made.writer, ({ group }) => group.after.groupId === bad) };
}

async function logOfTwoGroups() {
  const log = createInMemoryEventLog();
  for (const groupId of ['bad', 'good']) await appendTo(log, groupStream(groupId), created(groupId), renamed);
  return log;
}

test('the checkpoint moves only with the last of what is applied group by group', async () => {
  const log = await logOfTwoGroups();
  const { writer, commits, group } = writerThatFailsOn('bad');
  start({ log, writer });
  await reached(log, writer);
  const checkpoints = commits.map(({ checkpoint }) => checkpoint.position);
  expect(checkpoints.length).toBeGreaterThan(2);
  expect(checkpoints.slice(0, -1)).toEqual(checkpoints.slice(0, -1).map(() => startOfLog));
  expect(await writer.haltedGroups()).toMatchObject([{ groupId: 'bad' }]);
  expect([group('bad')?.group.name, group('good')?.group.name]).toEqual(['bad', 'Anew']);
});

test('nothing more is applied of a group that the writer has failed on', async () => {
  const log = await logOfTwoGroups();
  const { writer, group } = writerThatFailsOn('bad');
  start({ log, writer });
  await reached(log, writer);
  for (const groupId of ['bad', 'good']) await appendTo(log, groupStream(groupId), sent(1, 'ada'));
  await reached(log, writer);
  expect([group('bad')?.messages.size, group('good')?.messages.size]).toEqual([0, 1]);
});

test('nor of one that it has failed on while the next batch was folded', async () => {
  const log = createInMemoryEventLog({ batchSize: 4 });
  for (const groupId of ['bad', 'good']) await appendTo(log, groupStream(groupId), created(groupId), renamed);
  for (const groupId of ['bad', 'good']) await appendTo(log, groupStream(groupId), sent(1, 'ada'));
  const { writer, group } = writerThatFailsOn('bad');
  const onPoison = vi.fn();
  await start({ log, writer, once: true, filling: true, bytesPerBatch: 1, onPoison }).ended;
  expect([group('bad')?.group.name, group('good')?.group.name]).toEqual(['bad', 'Anew']);
  expect([group('bad')?.messages.size, group('good')?.messages.size]).toEqual([0, 1]);
  expect(onPoison.mock.calls).toMatchObject([[{ groupId: 'bad', version: 1 }]]);
});

test('a group on which the writer fails again at the next start stays halted, and one on which it does not goes on', async () => {
  const log = await logOfTwoGroups();
  const { writer, sound, group } = writerThatFailsOn('bad');
  const first = start({ log, writer });
  await reached(log, writer);
  await first.stop();
  await appendTo(log, groupStream('good'), renamed);
  const onResumed = vi.fn();
  const second = start({ log, writer, onResumed });
  await reached(log, writer);
  await second.stop();
  expect(await writer.haltedGroups()).toMatchObject([{ groupId: 'bad' }]);
  expect(onResumed).not.toHaveBeenCalled();
  start({ log, writer: sound, onResumed });
  await vi.waitFor(() => expect(onResumed).toHaveBeenCalledExactlyOnceWith('bad'));
  expect(await sound.haltedGroups()).toEqual([]);
  expect(group('bad')?.group.name).toBe('Anew');
});

test('a writer that fails on every one of several groups halts none of them', async () => {
  const log = await logOfTwoGroups();
  const { writer } = createWriter();
  const { ended } = start({ log, writer: failing(writer, () => true) });
  await expect(ended).rejects.toThrow('a defect of the writer');
  expect(await writer.haltedGroups()).toEqual([]);
});
