import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { HandledMark } from '../../src/commands/mark-commands.ts';
import { decodeRecorded } from '../../src/events/decode-recorded.ts';
import type { GroupEvent, ReadsEvent } from '../../src/events/event.ts';
import { assertAsyncProperty } from '../fakes/assert-property.ts';
import { createInMemoryEventLog, type InMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { NaiveReadCounts } from '../projections/naive-read-counts.ts';
import { mark } from './given.ts';
import { createLunch, message, type Process, readsEvents, startProcess } from './process.ts';

/** How far somebody has read, by the rules taken by the word, in the log's order. */
function naiveMark(log: InMemoryEventLog, userId: string): number | undefined {
  const naive = new NaiveReadCounts();
  for (const recorded of log.all) naive.apply(decodeRecorded(recorded).event as GroupEvent | ReadsEvent);
  return naive.reading(userId)?.markedUpTo;
}

let marksGiven = 0;
const markBy = ({ commands }: Process, userId: string, upTo: number): Promise<HandledMark> =>
  commands.handleMark('lunch', mark(userId, upTo, `mark-${++marksGiven}`));

const answerOf = (handled: HandledMark) =>
  'refused' in handled ? handled.refused.kind : { markedUpTo: handled.markedUpTo, appended: handled.events.length };

async function startLunch(messages: number) {
  const log = createInMemoryEventLog();
  const [here, elsewhere] = [startProcess(log), startProcess(log)];
  await here.order('ada', createLunch);
  for (let seq = 1; seq <= messages; seq += 1) await here.order('ada', message(`m-${seq}`));
  const followAll = () => [here, elsewhere].forEach((one) => void one.follow());
  followAll();
  return { log, here, elsewhere, followAll };
}

/** Cleo is removed elsewhere; here nobody knows it yet, and a mark of theirs reaches the log after that. */
async function startWithVoidMark() {
  const started = await startLunch(5);
  const { here, elsewhere, followAll } = started;
  expect(answerOf(await markBy(here, 'cleo', 1))).toEqual({ markedUpTo: 1, appended: 1 });
  await elsewhere.order('ada', { type: 'RemoveMember', userId: 'cleo' });
  expect(answerOf(await markBy(here, 'cleo', 3))).toEqual({ markedUpTo: 3, appended: 1 });
  followAll();
  await here.order('ada', { type: 'AddMembers', members: [{ userId: 'cleo' }] });
  followAll();
  return started;
}

test('a mark below one’s own message is answered with where that has moved it, and nothing is stored', async () => {
  const { log, here } = await startLunch(4);
  await here.order('cleo', message('own'));
  expect(answerOf(await markBy(here, 'cleo', 3))).toEqual({ markedUpTo: 5, appended: 0 });
  expect(readsEvents(log)).toEqual([]);
});

test('where a message is what moved the mark, the answer’s position is not before that message', async () => {
  const { log, here } = await startLunch(2);
  await here.order('cleo', message('own'));
  const own = log.all.at(-1)?.position ?? -1;
  const handled = await markBy(here, 'cleo', 1);
  expect('position' in handled && handled.position).toBe(own);
});

test('a mark that reached the log while its reader was gone does not count, in either process, warm or cold', async () => {
  for (const restart of [false, true]) {
    const { log, here, elsewhere } = await startWithVoidMark();
    expect(naiveMark(log, 'cleo')).toBe(1);
    for (const one of restart ? [startProcess(log), startProcess(log)] : [here, elsewhere]) {
      expect(answerOf(await markBy(one, 'cleo', 1))).toEqual({ markedUpTo: 1, appended: 0 });
    }
    expect(answerOf(await markBy(here, 'cleo', 3))).toEqual({ markedUpTo: 3, appended: 1 });
    expect(answerOf(await markBy(elsewhere, 'cleo', 3))).toEqual({ markedUpTo: 3, appended: 0 });
    expect(naiveMark(log, 'cleo')).toBe(3);
  }
});

test('the same mark again of one who has returned is stored once', async () => {
  const { log, here } = await startWithVoidMark();
  for (let again = 0; again < 4; again += 1) await markBy(here, 'cleo', 2);
  expect(readsEvents(log).map(({ data }) => data.upTo)).toEqual([1, 3, 2]);
});

test('marks that had counted before a return are known without the read models', async () => {
  const { here, elsewhere, followAll } = await startLunch(5);
  await markBy(here, 'cleo', 4);
  await here.order('cleo', { type: 'LeaveGroup' });
  await here.order('ada', { type: 'AddMembers', members: [{ userId: 'cleo' }] });
  followAll();
  for (const one of [here, elsewhere]) one.readModels.away = true;
  for (const one of [here, elsewhere]) {
    expect(answerOf(await markBy(one, 'cleo', 2))).toEqual({ markedUpTo: 4, appended: 0 });
  }
});

const people = ['ada', 'bob', 'cleo'] as const;
const arbitraryStep = fc.record({
  does: fc.constantFrom('mark', 'mark', 'mark', 'send', 'send', 'leave', 'return', 'follow', 'project', 'restart'),
  process: fc.constantFrom(0, 1),
  userId: fc.constantFrom(...people),
  upTo: fc.integer({ min: 0, max: 12 }),
});

test('whoever marks in a process that has followed the log is answered with their true mark, and only what advances it is stored', async () => {
  await assertAsyncProperty(
    fc.asyncProperty(fc.array(arbitraryStep, { minLength: 15, maxLength: 80, size: 'max' }), async (steps) => {
      const { log, here, elsewhere } = await startLunch(2);
      const processes: Process[] = [here, elsewhere];
      for (const [index, { does, process, userId, upTo }] of steps.entries()) {
        const one = processes[process] ?? here;
        if (does === 'send') await one.order(userId, message(`s-${index}`));
        else if (does === 'leave') await one.order('dan', { type: 'LeaveGroup' });
        else if (does === 'return') await one.order('ada', { type: 'AddMembers', members: [{ userId }] });
        else if (does === 'follow') one.follow();
        else if (does === 'project') one.readModels.advance(upTo);
        else if (does === 'restart') processes[process] = startProcess(log, {}, one.readModels);
        else {
          // Every third mark comes to a process that is behind: it may be stored though it counts nothing.
          const isBehind = index % 3 === 0;
          if (!isBehind) one.follow();
          const before = naiveMark(log, userId);
          const handled = await markBy(one, userId, upTo);
          if (isBehind || 'refused' in handled) continue;
          expect(handled.markedUpTo).toBe(naiveMark(log, userId));
          expect(handled.events.length).toBe(upTo > (before ?? 0) ? 1 : 0);
        }
        if (does === 'leave' && userId !== 'ada') {
          await one.order('ada', { type: 'RemoveMember', userId });
        }
      }
    }),
    { numRuns: 150 },
  );
});
