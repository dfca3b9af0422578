import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assertAsyncProperty } from '../fakes/assert-property.ts';
import { createInMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { mark } from './given.ts';
import { createLunch, groupEvents, message, outcome, type Process, readsEvents, startProcess } from './process.ts';

/** What the processes do, each to the same group at the same time. */
const arbitraryPlan = fc.array(
  fc.record({
    process: fc.nat({ max: 1 }),
    author: fc.constantFrom('ada', 'bob', 'cleo'),
    messageId: fc.integer({ min: 1, max: 30 }).map((number) => `m-${number}`),
    /** Whether the other process is handed the same command too, as by a client that lost its connection. */
    isRetriedElsewhere: fc.boolean(),
    /** Whether the sender waits for the answer before the process is handed anything more. */
    isAwaited: fc.boolean(),
  }),
  { minLength: 1, maxLength: 40, size: 'max' },
);

async function twoProcesses() {
  const log = createInMemoryEventLog();
  const processes: readonly [Process, Process] = [startProcess(log), startProcess(log)];
  await processes[0].order('ada', createLunch);
  return { log, processes };
}

test('two processes that write into one group number its messages without gaps and store each once', async () => {
  await assertAsyncProperty(
    fc.asyncProperty(fc.scheduler(), arbitraryPlan, async (scheduler, plan) => {
      const { log, processes } = await twoProcesses();
      log.beforeAppend = () => scheduler.schedule(Promise.resolve(), 'append');
      log.afterReadStream = () => scheduler.schedule(Promise.resolve(), 'read');
      const run = async (index: 0 | 1) => {
        const pending: Promise<unknown>[] = [];
        for (const { process, author, messageId, isRetriedElsewhere, isAwaited } of plan) {
          if (process !== index && !isRetriedElsewhere) continue;
          const commandId = `${author} ${messageId}`;
          const handled = processes[index].order(author, message(messageId, author), commandId);
          pending.push(handled);
          if (isAwaited) await handled;
        }
        await Promise.all(pending);
      };
      await scheduler.waitFor(Promise.all([run(0), run(1)]));
      const sent = groupEvents(log).flatMap((event) => (event.type === 'MessageSent' ? [event.data] : []));
      expect(sent.map(({ seq }) => seq)).toEqual(sent.map((_, index) => index + 1));
      expect(sent.map(({ messageId }) => messageId).sort()).toEqual(
        [...new Set(plan.map(({ messageId }) => messageId))].sort(),
      );
    }),
  );
});

test('what a process answers is what the log holds, at the versions that it says', async () => {
  await assertAsyncProperty(
    fc.asyncProperty(fc.scheduler(), arbitraryPlan, async (scheduler, plan) => {
      const { log, processes } = await twoProcesses();
      log.beforeAppend = () => scheduler.schedule(Promise.resolve(), 'append');
      const handled = await scheduler.waitFor(
        Promise.all(
          plan.map(async ({ process, author, messageId }) => {
            const answer = await processes[process === 0 ? 0 : 1].order(author, message(messageId, author));
            return { answer, author, messageId };
          }),
        ),
      );
      const events = groupEvents(log);
      for (const { answer, author, messageId } of handled) {
        const standing = events.find((event) => event.type === 'MessageSent' && event.data.messageId === messageId);
        if ('refused' in answer) {
          expect(answer.refused).toEqual({ kind: 'message-id-taken' });
          expect(standing).not.toMatchObject({ data: { authorId: author } });
        } else {
          expect(standing).toMatchObject({ data: { authorId: author } });
          for (const { event, version } of answer.events) expect(events[version]).toEqual(event);
        }
      }
    }),
  );
});

test('two processes that are handed the same marks store no mark of one of them that does not advance', async () => {
  const arbitraryMarks = fc.array(
    fc.record({
      process: fc.nat({ max: 1 }),
      reader: fc.constantFrom('ada', 'bob', 'cleo'),
      upTo: fc.integer({ min: 1, max: 9 }),
    }),
    { minLength: 1, maxLength: 40, size: 'max' },
  );
  await assertAsyncProperty(
    fc.asyncProperty(fc.scheduler(), arbitraryMarks, async (scheduler, marks) => {
      const { log, processes } = await twoProcesses();
      for (let seq = 1; seq <= 9; seq += 1) await processes[0].order('dan', message(`m-${seq}`));
      log.beforeAppend = () => scheduler.schedule(Promise.resolve(), 'append');
      await scheduler.waitFor(
        Promise.all(
          marks.map(({ process, reader, upTo }, index) =>
            processes[process === 0 ? 0 : 1].commands.handleMark('lunch', mark(reader, upTo, `mark-${index}`)),
          ),
        ),
      );
      for (const reader of ['ada', 'bob', 'cleo']) {
        const stored = readsEvents(log).flatMap(({ data }) => (data.userId === reader ? [data.upTo] : []));
        const asked = marks.flatMap((one) => (one.reader === reader ? [one.upTo] : []));
        expect(stored).toEqual([...new Set(stored)].sort((a, b) => a - b));
        expect(stored.at(-1) ?? 0).toBe(Math.max(0, ...asked));
      }
    }),
  );
});

test('a mark of what another process has appended a moment ago is taken', async () => {
  const { processes } = await twoProcesses();
  const [here, elsewhere] = processes;
  await elsewhere.order('bob', message('m-1'));
  expect(outcome(await here.commands.handleMark('lunch', mark('cleo', 1)))).toHaveLength(1);
});
