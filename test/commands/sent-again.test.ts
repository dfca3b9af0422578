import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assertAsyncProperty } from '../fakes/assert-property.ts';
import { createInMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import type { GroupOrder } from './given.ts';
import { createLunch, groupEvents, message, type Process, startProcess } from './process.ts';

type Send = Extract<GroupOrder, { type: 'SendMessage' }>;

const first: Send = { type: 'SendMessage', messageId: 'm', text: 'one', replyTo: 'z', mentions: ['ada', 'cleo'] };
const others: readonly Send[] = [
  { ...first, text: 'two' },
  { ...first, text: 'One' },
  { ...first, replyTo: undefined },
  { ...first, replyTo: 'y' },
  { ...first, mentions: [] },
  { ...first, mentions: ['ada'] },
];
const texts = ['one', 'two', 'three'];

const arbitraryStep = fc.oneof(
  fc.record({ does: fc.constant('edit' as const), text: fc.constantFrom(...texts) }),
  fc.record({ does: fc.constant('other message' as const) }),
  fc.record({ does: fc.constant('project' as const), count: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ does: fc.constant('restart' as const) }),
);

const answerTo = async (here: Process, order: GroupOrder) => {
  const handled = await here.order('bob', order);
  return 'refused' in handled ? handled.refused.kind : handled.isRepetition;
};

test('a message sent again is told from another one under its id, whatever has become of it and wherever it is remembered', async () => {
  await assertAsyncProperty(
    fc.asyncProperty(
      fc.array(arbitraryStep, { maxLength: 20 }),
      fc.boolean(),
      fc.constantFrom(...others),
      async (steps, isDeleted, other) => {
        const log = createInMemoryEventLog();
        let here = startProcess(log, { generationSize: 1 });
        await here.order('ada', createLunch);
        for (const id of ['y', 'z']) await here.order('ada', message(id));
        expect(await answerTo(here, first)).toBe(false);
        for (const [index, step] of steps.entries()) {
          if (step.does === 'edit') await here.order('bob', { type: 'EditMessage', messageId: 'm', text: step.text });
          else if (step.does === 'other message') await here.order('ada', message(`other-${index}`));
          else if (step.does === 'project') here.readModels.advance(step.count);
          else here = startProcess(log, { generationSize: 1 }, here.readModels);
        }
        if (isDeleted) await here.order('ada', { type: 'DeleteMessage', messageId: 'm' });
        const before = groupEvents(log).length;
        for (const again of [here, startProcess(log, {}, here.readModels)]) {
          expect(await answerTo(again, other)).toBe('message-id-taken');
          expect(await answerTo(again, { ...first, mentions: ['cleo', 'ada', 'cleo'] })).toBe(true);
        }
        expect(groupEvents(log)).toHaveLength(before);
      },
    ),
    { numRuns: 100 },
  );
});

test('a group created again under its first name is the same one, warm, cold, and after its renaming', async () => {
  const log = createInMemoryEventLog();
  const here = startProcess(log);
  await here.order('ada', createLunch);
  await here.order('ada', { type: 'RenameGroup', name: 'Dinner' });
  const before = groupEvents(log).length;
  for (const isProjected of [false, true]) {
    if (isProjected) here.readModels.advance();
    for (const one of [here, startProcess(log, {}, here.readModels)]) {
      expect(await one.order('ada', createLunch)).toMatchObject({ events: [] });
      expect(await one.order('ada', { ...createLunch, name: 'Dinner' } as GroupOrder)).toEqual({
        refused: { kind: 'group-exists' },
      });
    }
  }
  expect(groupEvents(log)).toHaveLength(before);
});
