import { expect, test } from 'vitest';
import { createShownMessages } from '../../src/delivery/shown-messages.ts';
import type { MessagePages } from '../../src/ports/pages.ts';
import { MomentPassed } from '../../src/ports/read-moment.ts';
import { deleted, lunch, sent } from '../commands/events.ts';
import { createStage, groupId } from './stage.ts';

test('rows of a moment that is older than what the group’s state has forgotten are shown to nobody', async () => {
  const stage = createStage();
  const { log, commands, lagging } = stage;
  await stage.append(...lunch, sent(1, 'ada'), sent(2, 'ada'));
  lagging.advance();
  await stage.fed();
  const rows = await lagging.messages(groupId, ['m-1', 'm-2']);
  const position = await lagging.checkpoint();
  // The moment has them whatever comes later.
  const readModels = { ...lagging, messages: async () => rows } as unknown as MessagePages & typeof lagging;
  const shown = createShownMessages({ readModels, commands, log, asOf: async () => position });
  expect(await shown.messages(groupId, ['m-1', 'm-2'])).toEqual(rows);
  await stage.append(deleted(1));
  lagging.advance();
  await stage.fed();
  // Loaded from rows in which the text is deleted already, the state says nothing of that.
  commands.forgetAll();
  await expect(shown.messages(groupId, ['m-1', 'm-2'])).rejects.toThrow(MomentPassed);
  await stage.stop();
});
