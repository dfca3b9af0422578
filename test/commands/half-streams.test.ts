import { expect, test } from 'vitest';
import { createCommands } from '../../src/commands/commands.ts';
import { groupStream, readsStream } from '../../src/events/stream-name.ts';
import { createHaltedGroups } from '../../src/ports/halted-groups.ts';
import { readWholeStreams } from '../../src/ports/whole-streams.ts';
import { createInMemoryEventLog, type InMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { createLaggingReadModels } from '../fakes/lagging-read-models.ts';
import { by, mark } from './given.ts';
import { createLunch, message, startProcess } from './process.ts';

const group = groupStream('lunch');
const reads = readsStream('lunch');

/** A group of some messages and marks. */
async function lunchWithMarks(): Promise<InMemoryEventLog> {
  const log = createInMemoryEventLog();
  const { commands, order } = startProcess(log);
  await order('ada', createLunch);
  for (const id of ['a', 'b', 'c']) await order('ada', message(id));
  for (const upTo of [1, 2, 3]) await commands.handleMark('lunch', mark('bob', upTo));
  return log;
}

/** A process that knows nothing of the group but what the rows and the log say. */
function coldProcess(log: InMemoryEventLog, projectedTo: 'nothing' | 'everything') {
  const halted = createHaltedGroups();
  const readModels = createLaggingReadModels(log);
  if (projectedTo === 'everything') readModels.advance();
  const commands = createCommands({ log: readWholeStreams(log, halted), readModels, halted });
  return {
    halted,
    send: (id: string) => commands.handleGroup('lunch', by('ada', message(id), id)),
    mark: (upTo = 3) => commands.handleMark('lunch', mark('bob', upTo)),
  };
}

test.each([
  ['without its beginning', group, 0, 2],
  ['with a gap', group, 2, 3],
  ['whose marks miss their beginning', reads, 0, 1],
  ['whose marks have a gap', reads, 1, 2],
] as const)('nothing is decided on a group %s', async (_, streamName, from, before) => {
  const log = await lunchWithMarks();
  log.cutOut(streamName, from, before);
  const { halted, send, mark: markUpTo } = coldProcess(log, 'nothing');
  const appended = log.appendSizes.length;
  // Marks are folded when somebody marks, and the group's own stream by everything.
  for (const order of [markUpTo, () => send('d')]) {
    // Nobody knows who is in a group without its beginning: it may be told to wait for the rows.
    const answer = await order().catch((error: Error) => ({ refused: error.name }));
    expect(answer).toMatchObject({ refused: expect.anything() });
  }
  expect(halted.find('lunch')?.reason).toContain(streamName);
  expect(log.appendSizes).toHaveLength(appended);
});

test('the control: a whole group is decided on, and one whose rows hold what the log has let go of goes on', async () => {
  for (const isCut of [false, true]) {
    const log = await lunchWithMarks();
    const { halted, send, mark: markUpTo } = coldProcess(log, isCut ? 'everything' : 'nothing');
    if (isCut) log.cutOut(group, 0, 2);
    expect(await send('d')).toMatchObject({ isRepetition: false });
    expect(await markUpTo()).not.toHaveProperty('refused');
    expect(halted.count()).toBe(0);
  }
});

test('a group that is warm when its stream is deleted for good is halted, for its members; others never heard of it', async () => {
  const log = await lunchWithMarks();
  const { halted, send } = coldProcess(log, 'everything');
  await send('d');
  log.deleteForGood(group);
  expect(await send('e')).toMatchObject({ refused: { kind: 'group-halted' } });
  expect(halted.find('lunch')?.reason).toBe('group-lunch was deleted for good');
  expect(await send('f')).toMatchObject({ refused: { kind: 'group-halted' } });
});
