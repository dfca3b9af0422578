import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../src/commands/command-digest.ts';
import { assertAsyncProperty } from '../fakes/assert-property.ts';
import { createInMemoryEventLog, type InMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { arbitraryOrder } from './arbitrary-order.ts';
import { by, type GroupOrder } from './given.ts';
import { createLunch, createOracle, groupEvents, message, outcome, type Process, startProcess } from './process.ts';

const arbitraryStep = fc.oneof(
  { weight: 6, arbitrary: arbitraryOrder.map(({ actorId, order }) => ({ does: 'order' as const, actorId, order })) },
  {
    weight: 2,
    arbitrary: arbitraryOrder.map(({ actorId, order }) => ({ does: 'orderElsewhere' as const, actorId, order })),
  },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant('project' as const), count: fc.integer({ min: 1, max: 30 }) }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('follow' as const), count: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 1, arbitrary: fc.constant({ does: 'forget' as const }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('leaveAlone' as const), away: fc.boolean() }) },
);

test('however few messages are remembered, however far the read models lag and whenever they are away, what is decided is what a fold from the start decides', async () => {
  await assertAsyncProperty(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(arbitraryStep, { minLength: 10, maxLength: 120, size: 'max' }),
      async (generationSize, steps) => {
        const log = createInMemoryEventLog();
        let here = startProcess(log, { generationSize });
        const elsewhere = startProcess(log);
        await here.order('ada', createLunch);
        const oracle = createOracle(log);
        const orderAsDecided = async (process: Process, actorId: string, order: GroupOrder) => {
          const expected = oracle(actorId, order);
          expect(outcome(await process.order(actorId, order))).toEqual(expected);
        };
        for (const step of steps) {
          switch (step.does) {
            case 'order':
              await orderAsDecided(here, step.actorId, step.order);
              break;
            case 'orderElsewhere':
              await orderAsDecided(elsewhere, step.actorId, step.order);
              break;
            case 'project':
              here.readModels.advance(step.count);
              break;
            case 'follow':
              here.follow(step.count);
              break;
            case 'forget':
              here = startProcess(log, { generationSize }, here.readModels);
              break;
            case 'leaveAlone':
              here.readModels.away = step.away;
              break;
            default:
              step satisfies never;
          }
        }
      },
    ),
    { numRuns: 300 },
  );
});

describe('a group that remembers few of its messages', () => {
  async function rotatedGroup(projected: boolean) {
    const log = createInMemoryEventLog();
    const here = startProcess(log, { generationSize: 2 });
    await here.order('ada', createLunch);
    let reads = 0;
    log.afterReadStream = () => {
      reads += 1;
    };
    for (let seq = 1; seq <= 20; seq += 1) {
      await here.order('bob', message(`m-${seq}`));
      if (projected) here.readModels.advance();
    }
    log.afterReadStream = () => undefined;
    return { log, here, reads };
  }
  async function expectAsDecided(log: InMemoryEventLog, here: Process, orders: readonly GroupOrder[]) {
    const oracle = createOracle(log);
    for (const order of orders) {
      const expected = oracle('bob', order);
      expect(outcome(await here.order('bob', order))).toEqual(expected);
    }
  }
  const orders: readonly GroupOrder[] = [
    message('m-1'),
    message('m-1', 'something else'),
    { type: 'SendMessage', messageId: 'm-21', text: 'Hello', mentions: [], replyTo: 'm-1' },
    { type: 'AddReaction', messageId: 'm-1', emoji: '👍' },
    { type: 'AddReaction', messageId: 'm-1', emoji: '👍' },
    { type: 'RemoveReaction', messageId: 'm-1', emoji: '👍' },
    { type: 'EditMessage', messageId: 'm-1', text: 'Better' },
    { type: 'EditMessage', messageId: 'm-99', text: 'Better' },
    { type: 'DeleteMessage', messageId: 'm-1' },
    { type: 'AddReaction', messageId: 'm-1', emoji: '👍' },
    message('m-1', 'what an edited or deleted message said is not known any more'),
  ];

  test('holds about two generations once the read models have caught up', async () => {
    const { here } = await rotatedGroup(true);
    const { state } = await here.commands.group('lunch');
    expect(state.messages.byId.size + state.olderMessages.byId.size).toBeLessThanOrEqual(5);
  });

  test('forgets nothing that the read models do not know yet', async () => {
    const { here, reads } = await rotatedGroup(false);
    const { state } = await here.commands.group('lunch');
    expect(state.messages.byId.size + state.olderMessages.byId.size).toBe(20);
    // Nor has anything been read again that was forgotten too early.
    expect(reads).toBe(0);
  });

  test('forgets nothing that came while it was asked how far the read models are', async () => {
    const log = createInMemoryEventLog();
    const here = startProcess(log, { generationSize: 2 });
    await here.order('ada', createLunch);
    for (const id of ['a', 'b', 'c', 'd']) await here.order('bob', message(id));
    here.readModels.advance();
    const { checkpoint } = here.readModels;
    here.readModels.checkpoint = async () => {
      here.readModels.checkpoint = checkpoint;
      await startProcess(log).order('bob', message('x'));
      here.follow();
      return checkpoint();
    };
    for (const id of ['e', 'f', 'g', 'h', 'i']) await here.order('bob', message(id));
    await expectAsDecided(log, here, [{ type: 'EditMessage', messageId: 'x', text: 'Better' }]);
  });

  test('knows a command of its older generation again', async () => {
    const log = createInMemoryEventLog();
    const here = startProcess(log, { generationSize: 2 });
    await here.order('ada', createLunch);
    const rename = (name: string) => {
      const order: GroupOrder = { type: 'RenameGroup', name };
      return here.commands.handleGroup('lunch', { ...by('ada', order, name), commandDigest: digestOf(order) });
    };
    for (const name of ['Tea', 'Dinner', 'Supper']) await rename(name);
    expect(await rename('Tea')).toMatchObject({ isRepetition: true, events: [] });
  });

  test.each([
    ['have caught up', true],
    ['know nothing', false],
  ])('answers everything about the oldest one while the read models %s', async (_, projected) => {
    const { log, here } = await rotatedGroup(projected);
    await expectAsDecided(log, here, orders);
  });

  test('reads through the log what changed elsewhere while it was forgotten', async () => {
    const { log, here } = await rotatedGroup(true);
    const elsewhere = startProcess(log);
    await elsewhere.order('bob', { type: 'EditMessage', messageId: 'm-1', text: 'Better' });
    await elsewhere.order('cleo', { type: 'AddReaction', messageId: 'm-1', emoji: '👍' });
    here.follow();
    await expectAsDecided(log, here, [{ type: 'EditMessage', messageId: 'm-1', text: 'Better' }, ...orders]);
  });

  test('takes no row for the message that has changed while the row was read', async () => {
    const { log, here } = await rotatedGroup(true);
    await startProcess(log).order('bob', { type: 'EditMessage', messageId: 'm-1', text: 'Better' });
    const { messages } = here.readModels;
    here.readModels.messages = (...asked) => {
      here.follow();
      return messages(...asked);
    };
    // What the row says: to one who goes by it there is nothing to do.
    await expectAsDecided(log, here, [{ type: 'EditMessage', messageId: 'm-1', text: 'm-1' }]);
  });

  test.each([
    ['before a message is looked up', 'before'],
    ['while it is looked up', 'during'],
  ])('sends nothing twice where the read models are begun anew %s', async (_, when) => {
    const { log, here } = await rotatedGroup(true);
    const { messages } = here.readModels;
    if (when === 'before') here.readModels.beginAnew();
    here.readModels.messages = (...asked) => {
      here.readModels.beginAnew();
      here.readModels.messages = messages;
      return messages(...asked);
    };
    await expectAsDecided(log, here, [message('m-1')]);
  });

  test.each(['messages', 'reactions'] as const)(
    'does not take what it read of %s for newer than an edit that came meanwhile',
    async (call) => {
      const { log, here } = await rotatedGroup(true);
      const elsewhere = startProcess(log);
      await elsewhere.order('cleo', { type: 'AddReaction', messageId: 'm-1', emoji: '👍' });
      here.readModels.advance();
      const ask = here.readModels[call] as (...input: readonly unknown[]) => Promise<never>;
      Object.assign(here.readModels, {
        [call]: async (...input: readonly unknown[]) => {
          const answer = await ask(...input);
          Object.assign(here.readModels, { [call]: ask });
          await elsewhere.order('bob', { type: 'EditMessage', messageId: 'm-1', text: 'Better' });
          here.follow();
          return answer;
        },
      });
      await here.order('bob', { type: 'EditMessage', messageId: 'm-1', text: 'm-1' });
      expect(
        groupEvents(log)
          .slice(-2)
          .map(({ data }) => data),
      ).toMatchObject([{ text: 'Better' }, { text: 'm-1' }]);
    },
  );
});
