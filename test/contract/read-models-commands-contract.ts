import { expect, test } from 'vitest';
import type { ReadModelsFixture } from './read-models-contract.ts';
import { History } from './read-models-history.ts';

const key = { actorId: 'ada', commandId: 'c-1' };
const [digest, addedUpTo] = ['what it said', null];

/** Commands that their clients may repeat. */
export function commandsContract(fixture: ReadModelsFixture): void {
  test('a command is known by its actor and its id, in its group', async () => {
    const { writer, readModels } = fixture;
    const history = new History().create('g', 'Group', ['ada', 'bob']).create('h', 'Other', ['ada']);
    const position = await history
      .by({ ...key, digest })
      .renameGroup('g', 'Renamed')
      .apply(writer);
    const row = { groupId: 'g', ...key, digest, addedUpTo, position };
    expect(await readModels.acceptedCommands('g', [{ ...key, commandId: 'c-2' }, key])).toEqual([row]);
    expect(await readModels.acceptedCommands('g', [{ ...key, actorId: 'bob' }])).toEqual([]);
    expect(await readModels.acceptedCommands('g', [])).toEqual([]);
    expect(await readModels.acceptedCommands('h', [key])).toEqual([]);
    expect(await readModels.acceptedCommands('unknown', [key])).toEqual([]);
  });

  test('a command whose client chose no id leaves nothing behind', async () => {
    const { writer, readModels } = fixture;
    await new History().create('g', 'Group', ['ada']).renameGroup('g', 'Renamed').apply(writer);
    expect(await readModels.acceptedCommands('g', [{ actorId: 'actor', commandId: 'command' }])).toEqual([]);
  });

  test('of a command with several events the newest says how far it came, in one batch or in several, again or not', async () => {
    const { writer, readModels } = fixture;
    const known = () => readModels.acceptedCommands('g', [key]);
    const history = new History().by({ ...key, digest, continues: true }).create('g', 'Group');
    history.by({ ...key, digest, continues: true }).join('g', 'ada', 'bob');
    const { changes } = history;
    const row = { groupId: 'g', ...key, digest };
    const broken = await history.apply(writer);
    expect(await known()).toEqual([{ ...row, addedUpTo: 'bob', position: broken }]);
    const whole = await history
      .by({ ...key, digest })
      .join('g', 'cyd')
      .apply(writer);
    expect(await known()).toEqual([{ ...row, addedUpTo: null, position: whole }]);
    await writer.apply(changes, broken);
    expect(await known()).toEqual([{ ...row, addedUpTo: null, position: whole }]);
  });
}
