import { expect, test } from 'vitest';
import { createCommands } from '../../src/commands/commands.ts';
import { createHaltedGroups } from '../../src/ports/halted-groups.ts';
import { createInMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { createLaggingReadModels } from '../fakes/lagging-read-models.ts';
import { by } from './given.ts';
import { createLunch, message, startProcess } from './process.ts';

/** A process whose group is warm, and is halted and goes on as another process's projector says. */
async function warmProcess() {
  const log = createInMemoryEventLog();
  const halted = createHaltedGroups();
  const commands = createCommands({ log, readModels: createLaggingReadModels(log), halted });
  await commands.handleGroup('lunch', by('ada', createLunch, 'create'));
  return {
    log,
    commands,
    halt: () => halted.learn([{ groupId: 'lunch', position: 0, reason: 'by order of the test' }], true),
    cure: () => halted.learn([], true),
  };
}

test('who is told of a halt is known from the group as it was, also while no row of it is there', async () => {
  const { commands, halt } = await warmProcess();
  await commands.handleGroup('lunch', by('ada', { type: 'RemoveMember', userId: 'cleo' }, 'remove'));
  halt();
  expect(await commands.refusalOfHalted('lunch', 'bob')).toEqual({ kind: 'group-halted' });
  expect(await commands.refusalOfHalted('lunch', 'cleo')).toEqual({ kind: 'no-longer-a-member' });
  expect(await commands.refusalOfHalted('lunch', 'eve')).toEqual({ kind: 'group-not-found' });
});

test('a group that goes on is read anew: what came while it was halted was followed by nobody', async () => {
  const { log, commands, halt, cure } = await warmProcess();
  halt();
  await startProcess(log).order('ada', { type: 'RemoveMember', userId: 'cleo' });
  cure();
  expect((await commands.group('lunch')).state.members.get('cleo')?.active).toBe(false);
});

test('what is appended while its group is loaded anew is in the group once the command is answered', async () => {
  const { log, commands, halt, cure } = await warmProcess();
  log.beforeAppend = async () => {
    log.beforeAppend = () => undefined;
    halt();
    cure();
    await commands.group('lunch');
  };
  await commands.handleGroup('lunch', by('ada', message('a'), 'send'));
  expect((await commands.group('lunch')).state.lastSeq).toBe(1);
});
