import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { createRandom } from '../../bench/random.ts';
import { withDatabase } from '../../bench/servers.ts';
import { openMongoReadModelBuilds } from '../../src/adapters/mongodb/read-model-builds.ts';
import { LeaseLost, ReadModelsUnavailable } from '../../src/ports/read-model-faults.ts';
import type { ReadModels } from '../../src/ports/read-models.ts';
import type { Change } from '../../src/projections/changes.ts';
import { createProjectedRows } from '../../src/projections/projected-rows.ts';
import { type Answers, answersOf, differences, queriesOfOneGroup } from './answers.ts';
import { chooseFailPoint, everyWrite, type FailPoints, openFailPoints } from './fail-points.ts';
import { addEvents, newHistory } from './random-batch.ts';

interface Options {
  readonly mongoUrl: string;
  readonly rounds: number;
  readonly seed: number;
  readonly log: (line: string) => void;
  /** As the projection does. The control is without it: every write fails, and what has failed is taken to be there. */
  readonly isRepeated?: boolean;
}

interface Batch {
  readonly changes: readonly Change[];
  readonly position: number;
}

/**
 * Random batches are written while the server's commands fail, and written again until they are there, as the projection
 * does; they are read meanwhile. Each answer is that of before the batch or of after it, and after each round all of them
 * are those of a clean copy, which the same batches were written to without a failure. Returns what was not so. Throws
 * where the server has no fail points.
 */
export async function runFailPoints({ mongoUrl, rounds, seed, log, isRepeated = true }: Options): Promise<string[]> {
  const random = createRandom(seed);
  const failPoints = await openFailPoints(mongoUrl);
  if (failPoints === undefined) throw new Error('this MongoDB has no fail points');
  const failing = await openCopy(mongoUrl);
  const clean = await openCopy(mongoUrl);
  const problems: string[] = [];
  let failures = 0;
  try {
    const history = newHistory();
    let before = await answersOf(clean.readModels);
    for (let round = 1; round <= rounds; round += 1) {
      addEvents(history, random);
      const batch = { changes: history.changes, position: history.position };
      history.changes = [];
      await applyUntilThere(clean, batch, true);
      const after = await answersOf(clean.readModels);
      const failPoint = isRepeated ? chooseFailPoint(random) : everyWrite;
      const mode = { times: 1 + Math.floor(random() * 6), skip: Math.floor(random() * 8) };
      const reading = startReading(failing.readModels, before, after);
      await failPoints.arm(failPoint, isRepeated ? mode : 'alwaysOn');
      const failed = await applyUntilThere(failing, batch, isRepeated);
      await failPoints.disarm();
      const found = [...(await reading.stop()), ...differences(await answersOf(failing.readModels), after)];
      failures += failed;
      log(`fail points, round ${round} of ${rounds}: ${failPoint.name}, ${mode.times} times; ${failed} batches failed`);
      problems.push(...found.map((problem) => `round ${round}: ${problem.slice(0, 400)}`));
      before = after;
    }
  } finally {
    await end(failPoints, failing, clean);
  }
  // Without any the rounds would have shown nothing.
  if (failures < rounds / 10) problems.push(`only ${failures} batches failed in ${rounds} rounds`);
  return problems;
}

/** Renewals fail as well, and a busy machine is none of what is tried here. */
const leaseMilliseconds = 30_000;

interface Copy {
  readonly readModels: ReadModels;
  apply(batch: Batch): Promise<void>;
  /** Takes the lease anew, as the projector does that has lost it. */
  reopen(): Promise<void>;
  drop(): Promise<void>;
}

async function openCopy(mongoUrl: string): Promise<Copy> {
  const url = withDatabase(mongoUrl, `highwater-torture-${randomUUID().slice(0, 8)}`);
  const signal = new AbortController().signal;
  const builds = openMongoReadModelBuilds({ url, holder: 'torture', leaseMilliseconds });
  const build = await builds.create();
  const open = async () => {
    const writer = await builds.openWriter(build, signal);
    return { writer, rows: createProjectedRows(writer) };
  };
  let opened = await open();
  const readModels = await builds.openReadModels(build);
  return {
    readModels,
    apply: ({ changes, position }) => opened.rows.apply(changes, { position, event: undefined }),
    async reopen() {
      await opened.writer.close();
      opened = await open();
    },
    async drop() {
      await Promise.all([opened.writer.close(), readModels.close()]);
      await builds.close();
      const client = new MongoClient(url, { appName: 'torture' });
      await client.db().dropDatabase();
      await client.close();
    },
  };
}

/** How often it failed. */
async function applyUntilThere(copy: Copy, batch: Batch, isRepeated: boolean): Promise<number> {
  for (let failures = 0; ; failures += 1) {
    try {
      await copy.apply(batch);
      return failures;
    } catch (error) {
      if (error instanceof LeaseLost) await copy.reopen();
      else if (!(error instanceof ReadModelsUnavailable)) throw error;
      if (!isRepeated) return failures + 1;
    }
  }
}

/** Asks one query after the other until it is stopped, which tells of answers that are of neither moment. */
function startReading(readModels: ReadModels, before: Answers, after: Answers): { stop(): Promise<string[]> } {
  let isStopped = false;
  const problems: string[] = [];
  const reading = (async () => {
    while (!isStopped) {
      for (const [name, ask] of queriesOfOneGroup) {
        if (isStopped) return;
        try {
          const answer = JSON.stringify(await ask(readModels));
          if (answer !== before.get(name) && answer !== after.get(name))
            problems.push(`${name} while it was written: ${answer}`);
        } catch (error) {
          if (!(error instanceof ReadModelsUnavailable)) throw error;
        }
      }
    }
  })();
  // It is looked at by `stop`.
  reading.catch(() => {});
  return {
    async stop() {
      isStopped = true;
      await reading;
      return problems;
    },
  };
}

async function end(failPoints: FailPoints, ...copies: readonly Copy[]): Promise<void> {
  await failPoints.disarm();
  await failPoints.close();
  for (const copy of copies) await copy.drop();
}
