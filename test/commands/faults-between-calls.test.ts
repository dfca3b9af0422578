import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assertAsyncProperty } from '../fakes/assert-property.ts';
import { createFailingCalls, type Fate, fates } from '../fakes/failing-calls.ts';
import { createInMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { createLaggingReadModels } from '../fakes/lagging-read-models.ts';
import { arbitraryOrder } from './arbitrary-order.ts';
import { mark } from './given.ts';
import {
  createLunch,
  createOracle,
  groupEvents,
  message,
  outcome,
  type Process,
  readsEvents,
  startProcess,
} from './process.ts';

/** What becomes of the calls in their order; when it has run out, all of them pass. */
const arbitraryFates = fc.array(
  fc.oneof({ weight: 5, arbitrary: fc.constant<Fate>('passes') }, { weight: 2, arbitrary: fc.constantFrom(...fates) }),
  { maxLength: 200, size: 'max' },
);

/** A process whose stores fail as planned, on a log and read models that do not. */
function startFailing(plan: readonly Fate[], generationSize: number) {
  const log = createInMemoryEventLog();
  const readModels = createLaggingReadModels(log);
  const calls = plan.values();
  let isPlanned = false;
  const failing = createFailingCalls(() => (isPlanned ? calls.next().value : undefined) ?? 'passes');
  const start = (): Process => startProcess(failing.log(log), { generationSize }, failing.readModels(readModels));
  return {
    log,
    readModels,
    failing,
    start,
    begin: () => {
      isPlanned = true;
    },
  };
}

/** Hands in the same until it is answered: a plan ends. */
async function untilAnswered<Answer>(work: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      expect(String(error)).toMatch(/LogUnavailable|AppendUnknown|ReadModelsUnavailable/);
    }
  }
}

const arbitraryStep = fc.oneof(
  { weight: 8, arbitrary: arbitraryOrder.map(({ actorId, order }) => ({ does: 'order' as const, actorId, order })) },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant('project' as const), count: fc.integer({ min: 1, max: 30 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ does: 'restart' as const }) },
);

test('whatever call of a command fails, each is stored once, as it was decided', async () => {
  await assertAsyncProperty(
    fc.asyncProperty(
      arbitraryFates,
      fc.integer({ min: 1, max: 3 }),
      fc.array(arbitraryStep, { minLength: 10, maxLength: 60, size: 'max' }),
      async (plan, generationSize, steps) => {
        const { log, readModels, failing, start, begin } = startFailing(plan, generationSize);
        let here = start();
        await here.order('ada', createLunch);
        const oracle = createOracle(log);
        begin();
        for (const [index, step] of steps.entries()) {
          if (step.does === 'project') readModels.advance(step.count);
          else if (step.does === 'restart') here = start();
          else {
            const expected = oracle(step.actorId, step.order);
            const before = groupEvents(log).length;
            const failedBefore = failing.failed();
            const handled = await untilAnswered(() => here.order(step.actorId, step.order, `c-${index}`));
            expect(groupEvents(log).slice(before)).toEqual('kind' in expected ? [] : expected);
            if (failing.failed() === failedBefore) expect(outcome(handled)).toEqual(expected);
          }
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('whatever call fails while many are under way, in two processes, nothing answered is lost and nothing stored twice', async () => {
  const send = fc.record({
    from: fc.constantFrom(0, 1),
    actorId: fc.constantFrom('ada', 'bob', 'cleo'),
    number: fc.nat({ max: 15 }),
  });
  await assertAsyncProperty(
    fc.asyncProperty(
      arbitraryFates,
      fc.array(fc.array(send, { maxLength: 8 }), { maxLength: 12 }),
      async (plan, rounds) => {
        const { log, readModels, start, begin } = startFailing(plan, 2);
        const processes = [start(), start()];
        await processes[0]?.order('ada', createLunch);
        begin();
        const answered = new Set<string>();
        for (const [index, round] of rounds.entries()) {
          await Promise.all(
            round.map(async ({ from, actorId, number }) => {
              const id = `${actorId}-${number}`;
              const handled = await untilAnswered(async () => processes[from]?.order(actorId, message(id), id));
              expect(handled && 'refused' in handled).toBe(false);
              answered.add(id);
            }),
          );
          readModels.advance(index);
          processes[index % 2]?.follow();
        }
        const sent = groupEvents(log).flatMap((event) => (event.type === 'MessageSent' ? [event.data] : []));
        expect(sent.map(({ messageId }) => messageId).sort()).toEqual([...answered].sort());
        expect(sent.map(({ seq }) => seq)).toEqual(sent.map((_, index) => index + 1));
      },
    ),
    { numRuns: 150 },
  );
});

test('whatever call fails, marks only move forward and the last one answered stands', async () => {
  const marks = fc.array(fc.record({ userId: fc.constantFrom('bob', 'cleo'), upTo: fc.integer({ min: 1, max: 9 }) }), {
    maxLength: 25,
  });
  await assertAsyncProperty(
    fc.asyncProperty(arbitraryFates, marks, async (plan, all) => {
      const { log, readModels, start, begin } = startFailing(plan, 2);
      let here = start();
      await here.order('ada', createLunch);
      for (let seq = 1; seq <= 9; seq += 1) await here.order('ada', message(`m-${seq}`));
      begin();
      const highest = new Map<string, number>();
      for (const [index, { userId, upTo }] of all.entries()) {
        await untilAnswered(() => here.commands.handleMark('lunch', mark(userId, upTo, `c-${index}`)));
        highest.set(userId, Math.max(upTo, highest.get(userId) ?? 0));
        if (index % 3 === 0) readModels.advance(2);
        if (index % 7 === 6) here = start();
      }
      for (const userId of ['bob', 'cleo']) {
        const own = readsEvents(log).flatMap(({ data }) => (data.userId === userId ? [data.upTo] : []));
        expect(own).toEqual([...new Set(own)].sort((a, b) => a - b));
        expect(own.at(-1)).toBe(highest.get(userId));
      }
    }),
    { numRuns: 100 },
  );
});

/** One failing call, at each place in turn: what a random plan may miss. */
test('one failure at any single call leaves a repetition a repetition', async () => {
  for (const fate of ['fails', 'lost'] as const) {
    for (let place = 0; place < 12; place += 1) {
      const plan: Fate[] = [...Array.from({ length: place }, () => 'passes' as const), fate];
      const { log, readModels, start, begin } = startFailing(plan, 1);
      const first = start();
      await first.order('ada', createLunch);
      for (const id of ['a', 'b', 'c', 'd']) await first.order('bob', message(id));
      readModels.advance();
      const here = start();
      begin();
      await untilAnswered(() => here.order('bob', message('a')));
      await untilAnswered(() => here.order('bob', message('e')));
      const ids = groupEvents(log).flatMap((event) => (event.type === 'MessageSent' ? [event.data.messageId] : []));
      expect(ids, `${fate} at call ${place}`).toEqual(['a', 'b', 'c', 'd', 'e']);
    }
  }
});
