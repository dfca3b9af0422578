import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ClockBehind } from '../../src/commands/clock-watch.ts';
import { decodeRecorded } from '../../src/events/decode-recorded.ts';
import { laterOf } from '../../src/events/moments.ts';
import { assertAsyncProperty } from '../fakes/assert-property.ts';
import { createInMemoryEventLog, type InMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { by, type GroupOrder, mark } from './given.ts';
import { createLunch, message, type Process, startProcess } from './process.ts';

const noon = Date.parse('2026-11-24T12:00:00.000Z');
const momentAt = (seconds: number): string => new Date(noon + seconds * 1_000).toISOString();

let given = 0;
const orderAt = ({ commands }: Process, seconds: number, actorId: string, order: GroupOrder) =>
  commands.handleGroup('lunch', { ...by(actorId, order, `at-${++given}`), at: momentAt(seconds) });
const markAt = ({ commands }: Process, seconds: number, userId: string, upTo: number) =>
  commands.handleMark('lunch', { ...mark(userId, upTo, `at-${++given}`), at: momentAt(seconds) });

const momentsOf = (log: InMemoryEventLog) => log.all.map((recorded) => decodeRecorded(recorded).metadata.at);
const lastOf = (log: InMemoryEventLog) => momentsOf(log).at(-1);

async function startLunch() {
  const log = createInMemoryEventLog();
  const here = startProcess(log);
  await orderAt(here, 0, 'ada', createLunch);
  await orderAt(here, 60, 'ada', message('one'));
  return { log, here };
}

const edit: GroupOrder = { type: 'EditMessage', messageId: 'one', text: 'two' };

test('nothing is edited before it was sent, though the server’s clock has stepped back', async () => {
  const { log, here } = await startLunch();
  const handled = await orderAt(here, 30, 'ada', edit);
  expect(lastOf(log)).toBe(momentAt(60));
  expect('events' in handled && handled.events[0]?.at).toBe(momentAt(60));
  await orderAt(here, 61, 'ada', { ...edit, text: 'three' });
  expect(lastOf(log)).toBe(momentAt(61));
});

test('nothing is read before it was sent, whichever process takes the mark, warm or cold', async () => {
  for (const isProjected of [false, true]) {
    const { log, here } = await startLunch();
    if (isProjected) here.readModels.advance();
    await markAt(here, 10, 'bob', 1);
    expect(lastOf(log)).toBe(momentAt(60));
    await markAt(startProcess(log, {}, here.readModels), 20, 'cleo', 1);
    expect(lastOf(log)).toBe(momentAt(60));
  }
});

test('nothing happens in the group before a mark, also where the mark is known by the feed alone, or by the read models', async () => {
  for (const learnsBy of ['own mark', 'feed', 'read models'] as const) {
    const { log, here } = await startLunch();
    const elsewhere = startProcess(log, {}, here.readModels);
    await orderAt(elsewhere, 60, 'ada', { type: 'RenameGroup', name: 'Warm' });
    await markAt(learnsBy === 'own mark' ? elsewhere : here, 90, 'bob', 1);
    if (learnsBy === 'feed') elsewhere.follow();
    here.readModels.advance();
    const taking = learnsBy === 'read models' ? startProcess(log, {}, here.readModels) : elsewhere;
    await orderAt(taking, 70, 'ada', edit);
    expect(lastOf(log), learnsBy).toBe(momentAt(90));
  }
});

test('what is told of the past keeps its moment, and does not hold back what happens now', async () => {
  const { log, here } = await startLunch();
  const told = {
    ...by('ada', message('told', 'long ago'), 'told'),
    at: '2004-11-03T10:00:00.000Z',
    isRetold: true,
  } as const;
  await here.commands.handleGroup('lunch', told);
  expect(lastOf(log)).toBe('2004-11-03T10:00:00.000Z');
  await orderAt(here, 30, 'ada', message('now'));
  expect(lastOf(log)).toBe(momentAt(60));
});

test('a group that is minutes ahead of the clock is told of, once a minute, and its moments stand still', async () => {
  const log = createInMemoryEventLog();
  const told: ClockBehind[] = [];
  const here = startProcess(log, { onClockBehind: (behind) => void told.push(behind) });
  await orderAt(here, 0, 'ada', createLunch);
  const years = 3 * 365 * 24 * 3_600;
  await orderAt(here, years, 'ada', message('one'));
  expect(told).toEqual([]);
  await orderAt(here, 10, 'ada', message('two'));
  await markAt(here, 20, 'bob', 1);
  await orderAt(here, 30, 'ada', message('three'));
  expect(told).toEqual([{ groupId: 'lunch', at: momentAt(10), lastAt: momentAt(years) }]);
  expect(new Set(momentsOf(log).slice(2))).toEqual(new Set([momentAt(years)]));
  await markAt(here, 75, 'cleo', 1);
  expect(told).toHaveLength(2);
});

test('two servers whose clocks differ by less are not told of', async () => {
  const log = createInMemoryEventLog();
  const told: ClockBehind[] = [];
  const here = startProcess(log, { onClockBehind: (behind) => void told.push(behind) });
  await orderAt(here, 300, 'ada', createLunch);
  await orderAt(here, 0, 'ada', message('one'));
  expect(told).toEqual([]);
});

test('moments of other programs’ making compare by when they are', () => {
  expect(laterOf('2026-11-24T12:00:00Z', '2026-11-24T12:00:00.001Z')).toBe('2026-11-24T12:00:00.001Z');
  expect(laterOf('2026-11-24T12:00:00.5Z', '2026-11-24T12:00:00Z')).toBe('2026-11-24T12:00:00.5Z');
  expect(laterOf('2026-11-24T12:00:00.000Z', undefined)).toBe('2026-11-24T12:00:00.000Z');
});

const arbitraryStep = fc.record({
  does: fc.constantFrom('send', 'edit', 'mark', 'rename', 'project', 'restart'),
  process: fc.constantFrom(0, 1),
  /** How far the clock of whoever acts is from the right one, in seconds. */
  skew: fc.integer({ min: -400, max: 400 }),
});

test('the moments of a group never go back, whatever the clocks of two servers say', async () => {
  await assertAsyncProperty(
    fc.asyncProperty(fc.array(arbitraryStep, { minLength: 10, maxLength: 50, size: 'max' }), async (steps) => {
      const { log, here } = await startLunch();
      const processes = [here, startProcess(log)];
      for (const [index, { does, process, skew }] of steps.entries()) {
        const one = processes[process] ?? here;
        one.follow();
        const seconds = 60 + index * 10 + skew;
        if (does === 'send') await orderAt(one, seconds, 'ada', message(`s-${index}`));
        else if (does === 'edit') await orderAt(one, seconds, 'ada', { ...edit, text: `${index}` });
        else if (does === 'rename') await orderAt(one, seconds, 'ada', { type: 'RenameGroup', name: `${index}` });
        else if (does === 'mark') await markAt(one, seconds, 'bob', 1 + (index % 3));
        else if (does === 'project') one.readModels.advance(index);
        else {
          // A process that starts has read models that are as far as the log: what they lack of marks, nobody here knows.
          one.readModels.advance();
          processes[process] = startProcess(log, {}, one.readModels);
        }
      }
      const moments = momentsOf(log);
      expect(moments).toEqual([...moments].sort());
    }),
    { numRuns: 100 },
  );
});
