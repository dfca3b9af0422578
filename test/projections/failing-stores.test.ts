import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Position } from '../../src/ports/event-log.ts';
import { ReadModelsUnavailable } from '../../src/ports/read-model-faults.ts';
import { runProjection } from '../../src/projections/run-projection.ts';
import { anyHistory } from '../contract/spoiled-histories.ts';
import { assertAsyncProperty } from '../fakes/assert-property.ts';
import { createFailingCalls, type Fate } from '../fakes/failing-calls.ts';
import type { BuildRows } from '../fakes/in-memory-rows.ts';
import { logOf } from '../fakes/log-of-entries.ts';
import { createClock, createWriter } from './projection-under-test.ts';

/** A clock on which every pause is over at once. */
const hurried = {
  ...createClock(),
  after(_milliseconds: number, callback: () => void) {
    queueMicrotask(callback);
    return () => {};
  },
};
const never = new AbortController().signal;

/** But for how far each group is known to be complete, which depends on where batches end. */
const shown = ({ checkpoint, groups }: BuildRows) => ({
  checkpoint,
  groups: new Map([...groups].map(([groupId, { upTo: _, ...rows }]) => [groupId, rows])),
});

/** Is told of each checkpoint once, in their order, when it is in the rows. */
function tellsOnce(rows: BuildRows): (checkpoint: Position) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (checkpoint) => {
    expect(checkpoint).toBeGreaterThan(last);
    expect(checkpoint).toBeLessThanOrEqual(rows.checkpoint.position);
    last = checkpoint;
  };
}

const anyFate = fc.constantFrom<Fate>('passes', 'passes', 'fails', 'lost');

const oneEventABatch = 1;

test.each([
  ['projected', {}],
  ['filled, a batch at a time', { filling: true, bytesPerBatch: oneEventABatch }],
  ['filled, in few batches', { filling: true, bytesPerBatch: 2_000 }],
])(
  'a store that fails at any call, before it has done what it was told, halfway or after, ends up as one that never does: %s',
  async (_, how) => {
    await assertAsyncProperty(
      fc.asyncProperty(anyHistory, fc.array(anyFate, { maxLength: 60, size: 'max' }), async (entries, fates) => {
        const log = await logOf(entries, 2);
        const sound = createWriter();
        await runProjection({ log, writer: sound.writer, signal: never, once: true });
        const next = (): Fate => fates.shift() ?? 'passes';
        const failing = createWriter(() => {
          if (next() !== 'passes') throw new ReadModelsUnavailable('halfway, by order of the test');
        });
        const writer = createFailingCalls(next).writer(failing.writer);
        // What fails at the start ends it, and it is begun again, as a process is.
        for (let ended = false; !ended; ) {
          const onCheckpoint = tellsOnce(failing.rows);
          const options = { log, writer, signal: never, once: true, clock: hurried, onCheckpoint, ...how };
          ended = await runProjection(options).then(
            () => true,
            (error: unknown) => {
              if (!(error instanceof ReadModelsUnavailable)) throw error;
              return false;
            },
          );
        }
        expect(shown(failing.rows)).toEqual(shown(sound.rows));
      }),
    );
  },
);
