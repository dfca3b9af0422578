import { expect, test } from 'vitest';
import { createCommands } from '../../src/commands/commands.ts';
import { createWholeGroups } from '../../src/commands/whole-groups.ts';
import { groupStream, importsStream, readsStream } from '../../src/events/stream-name.ts';
import { createHaltedGroups, GroupHalted } from '../../src/ports/halted-groups.ts';
import { createInMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { createLaggingReadModels } from '../fakes/lagging-read-models.ts';
import { appendTo, poison } from '../projections/recorded-events.ts';
import { added, created } from './events.ts';
import { by } from './given.ts';
import { message } from './process.ts';

async function lunchThatHalts(at: typeof readsStream) {
  const log = createInMemoryEventLog();
  const readModels = createLaggingReadModels(log);
  await appendTo(log, groupStream('lunch'), created(), added({ ada: 'owner' }, 1));
  await appendTo(log, at('lunch'), poison('Unheard'));
  const halted = createHaltedGroups();
  const startPosition = await log.endPosition();
  const whole = createWholeGroups({ log, readModels, halted, startPosition });
  const commands = createCommands({ log, readModels, halted, whole });
  const send = () => commands.handleGroup('lunch', by('ada', message('m-1'), 'command'));
  return { log, readModels, halted, whole, commands, send };
}

test.each([
  ['marks', readsStream],
  ['imports', importsStream],
])('a process that starts while the projector lags finds what halts a group among its %s', async (_, at) => {
  const { log, readModels, halted, send } = await lunchThatHalts(at);
  readModels.advance(2);
  const before = await log.endPosition();
  expect(await send()).toEqual({ refused: { kind: 'group-halted' } });
  expect(await log.endPosition()).toBe(before);
  expect(halted.count()).toBe(1);
});

test('so it does while there are no read models', async () => {
  const { readModels, commands } = await lunchThatHalts(readsStream);
  readModels.away = true;
  await expect(commands.group('lunch')).rejects.toThrow(GroupHalted);
});

test('what the read models say is learnt, and unlearnt once they are as far as the log was at the start', async () => {
  const { log, readModels, halted, whole } = await lunchThatHalts(() => importsStream('dinner'));
  const told: string[] = [];
  halted.watch((groupId, halt) => void told.push(`${groupId} ${halt === undefined ? 'goes on' : 'halts'}`));
  readModels.halts = [{ groupId: 'lunch', position: 1, reason: 'unheard' }];
  await whole.refresh();
  readModels.halts = [];
  await whole.refresh();
  expect(told).toEqual(['lunch halts']);
  readModels.checkpoint = () => log.endPosition();
  await whole.refresh();
  expect(told).toEqual(['lunch halts', 'lunch goes on']);
  expect(() => halted.require('lunch')).not.toThrow(GroupHalted);
});

test('whatever a fold throws halts its group, and no other; what this process has met itself stays', async () => {
  const { log, halted } = await lunchThatHalts(readsStream);
  const [first] = log.all;
  if (first === undefined) throw new Error('the log is empty');
  const fold = () =>
    halted.fold(first, () => {
      throw new TypeError('a defect of a fold');
    });
  expect(fold).toThrow(GroupHalted);
  expect(halted.find('lunch')).toMatchObject({
    position: first.position,
    reason: 'group-lunch, version 0: a defect of a fold',
  });
  expect(halted.find('dinner')).toBeUndefined();
  halted.learn([], true);
  expect(halted.count()).toBe(1);
});
