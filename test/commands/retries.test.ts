import fc from 'fast-check';
import { expect, test } from 'vitest';
import { digestOf } from '../../src/commands/command-digest.ts';
import { decodeRecorded } from '../../src/events/decode-recorded.ts';
import { AppendUnknown, LogUnavailable, type Position, startOfLog } from '../../src/ports/event-log.ts';
import { ReadModelsUnavailable } from '../../src/ports/read-model-faults.ts';
import { assertAsyncProperty } from '../fakes/assert-property.ts';
import { createInMemoryEventLog, type InMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { createLaggingReadModels, type LaggingReadModels } from '../fakes/lagging-read-models.ts';
import { arbitraryOrder } from './arbitrary-order.ts';
import { by, type GroupOrder } from './given.ts';
import { createLunch, type Process, startProcess } from './process.ts';

const place = fc.constantFrom(0 as const, 1 as const);
const few = fc.integer({ min: 1, max: 8 });
const arbitraryStep = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ does: fc.constant('order' as const), process: place, given: arbitraryOrder }),
  },
  { weight: 6, arbitrary: fc.record({ does: fc.constant('retry' as const), process: place, which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('project' as const), process: place, count: few }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('follow' as const), process: place, count: few }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('restart' as const), process: place }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('beginAnew' as const), process: place }) },
);

/** What may happen at any call of a store, by one number each. */
const arbitraryFaults = fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 200, size: 'max' });

interface Given {
  readonly actorId: string;
  readonly order: GroupOrder;
}

const handIn = (process: Process, { actorId, order }: Given, commandId: string) =>
  process.commands.handleGroup('lunch', { ...by(actorId, order, commandId), commandDigest: digestOf(order) });

const told = (log: InMemoryEventLog) =>
  log.all.map((recorded) => {
    const { event, metadata } = decodeRecorded(recorded);
    return { event, actorId: metadata.actorId, commandId: metadata.causationId };
  });

/** Two processes on one log. Between any two calls of theirs to a store, `happens` decides what else happens there. */
function twoProcesses(generationSize: number, happens: () => number | undefined) {
  const log = createInMemoryEventLog();
  const readModels = [createLaggingReadModels(log), createLaggingReadModels(log)] as const;
  const start = (index: 0 | 1): Process => {
    const failing = withFaults(readModels[index], happens, () => processes[index].follow(1));
    return startProcess(log, { generationSize, capacityBytes: 4_000 }, failing);
  };
  const processes: [Process, Process] = [start(0), start(1)];
  log.beforeAppend = () => {
    const fault = happens();
    if (fault === 0) throw new LogUnavailable('by order of the test');
    if (fault === 1) throw new AppendUnknown('by order of the test');
  };
  log.afterAppend = () => {
    if (happens() === 2) throw new AppendUnknown('by order of the test');
  };
  log.afterReadStream = () => {
    const fault = happens();
    if (fault === 3) throw new LogUnavailable('by order of the test');
    if (fault === 4) processes[0].follow(1);
    if (fault === 5) processes[1].follow(1);
  };
  return { log, readModels, processes, start };
}

/**
 * Read models that are away for one call, go on, or are begun anew, before any call. Begun anew, they go on only when they
 * are told to: to come back to where they were takes them longer than a command takes.
 */
function withFaults(
  readModels: LaggingReadModels,
  happens: () => number | undefined,
  follow: () => void,
): LaggingReadModels {
  const before = <Values extends unknown[], Answer>(ask: (...values: Values) => Promise<Answer>) => {
    return async (...values: Values): Promise<Answer> => {
      const fault = happens();
      if (fault === 6) throw new ReadModelsUnavailable('by order of the test');
      if (fault === 7) readModels.beginAnew();
      if (fault === 8 && (await readModels.checkpoint()) !== startOfLog) readModels.advance(2);
      if (fault === 9) follow();
      return ask(...values);
    };
  };
  return {
    ...readModels,
    checkpoint: before(readModels.checkpoint),
    groups: before(readModels.groups),
    groupSnapshot: before(readModels.groupSnapshot),
    messages: before(readModels.messages),
    reactions: before(readModels.reactions),
    acceptedCommands: before(readModels.acceptedCommands),
  };
}

/** As a client does: the same command again until it is answered. */
async function untilAnswered(process: Process, given: Given, commandId: string) {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    try {
      return await handIn(process, given, commandId);
    } catch (error) {
      const passes =
        error instanceof LogUnavailable || error instanceof AppendUnknown || error instanceof ReadModelsUnavailable;
      if (!passes) throw error;
    }
  }
  throw new Error('never answered');
}

test('retries leave the log as it were without them and are answered as the first time, on any process, whatever fails in between', async () => {
  await assertAsyncProperty(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.array(arbitraryStep, { minLength: 10, maxLength: 80, size: 'max' }),
      arbitraryFaults,
      async (generationSize, steps, faults) => {
        let asked = 0;
        // Each fault happens once, so that in the end everything is answered.
        const happens = () => faults[asked++];
        const { log, readModels, processes, start } = twoProcesses(generationSize, happens);
        const cleanLog = createInMemoryEventLog();
        const alone = startProcess(cleanLog);
        const answered: { given: Given; commandId: string; position: Position }[] = [];
        const give = async (process: Process, given: Given, commandId: string) => {
          const events = log.all.length;
          const handled = await untilAnswered(process, given, commandId);
          const clean = await handIn(alone, given, commandId);
          expect('refused' in handled ? handled.refused : undefined).toEqual(
            'refused' in clean ? clean.refused : undefined,
          );
          if ('refused' in handled || log.all.length === events) return;
          expect(handled.position).toBe(log.all.at(-1)?.position);
          answered.push({ given, commandId, position: handled.position });
        };
        await give(processes[0], { actorId: 'ada', order: createLunch }, 'create');
        for (const [index, step] of steps.entries()) {
          const process = processes[step.process];
          switch (step.does) {
            case 'order':
              await give(process, step.given, `c-${index}`);
              break;
            case 'retry': {
              const one = answered[step.which % answered.length];
              if (one === undefined) throw new Error('nothing was answered');
              const events = log.all.length;
              const again = await untilAnswered(process, one.given, one.commandId);
              // Decided on an old state, it is the same append again, which the log knows; otherwise it is a repetition.
              expect(again).toMatchObject({ position: one.position });
              expect(log.all.length).toBe(events);
              break;
            }
            case 'project':
              readModels[step.process].advance(step.count);
              break;
            case 'follow':
              process.follow(step.count);
              break;
            case 'restart':
              processes[step.process] = start(step.process);
              break;
            case 'beginAnew':
              readModels[step.process].beginAnew();
              break;
            default:
              step satisfies never;
          }
        }
        expect(told(log)).toEqual(told(cleanLog));
      },
    ),
    { numRuns: 200 },
  );
});
