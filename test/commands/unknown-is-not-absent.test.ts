import { expect, test } from 'vitest';
import { createCommands } from '../../src/commands/commands.ts';
import { LogUnavailable } from '../../src/ports/event-log.ts';
import { createHaltedGroups } from '../../src/ports/halted-groups.ts';
import { ReadModelsUnavailable } from '../../src/ports/read-model-faults.ts';
import { createInMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { createLaggingReadModels } from '../fakes/lagging-read-models.ts';
import { createLunch, startProcess } from './process.ts';

/** A process that knows nothing yet of a group which the log holds and the rows do not. */
async function coldProcess() {
  const log = createInMemoryEventLog();
  await startProcess(log).order('ada', createLunch);
  const halted = createHaltedGroups();
  const readModels = createLaggingReadModels(log);
  return { log, halted, readModels, commands: createCommands({ log, readModels, halted }) };
}

test('while the log is away, a group that is in no row yet may be there', async () => {
  const { log, readModels, commands } = await coldProcess();
  log.afterReadStream = () => {
    throw new LogUnavailable('by order of the test');
  };
  await expect(commands.group('lunch')).rejects.toThrow(LogUnavailable);
  readModels.advance();
  expect((await commands.group('lunch')).state).toMatchObject({ exists: true, memberCount: 4 });
});

test('one who is no member by rows that have not come to the halt is not told that the group is not there', async () => {
  const { log, halted, readModels, commands } = await coldProcess();
  const position = log.all.at(-1)?.position ?? 0;
  halted.learn([{ groupId: 'lunch', position, reason: 'by order of the test' }], false);
  await expect(commands.refusalOfHalted('lunch', 'bob')).rejects.toThrow(ReadModelsUnavailable);
  readModels.advance();
  expect(await commands.refusalOfHalted('lunch', 'bob')).toEqual({ kind: 'group-halted' });
  expect(await commands.refusalOfHalted('lunch', 'eve')).toEqual({ kind: 'group-not-found' });
});
