import { setTimeout as wait } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { createRandom } from '../bench/random.ts';
import { type EventStoreLogOptions, openEventStoreLog } from '../src/adapters/eventstoredb/event-log.ts';
import { placeOf } from '../src/adapters/eventstoredb/requests.ts';
import { subscribeOnce } from '../src/adapters/eventstoredb/subscription.ts';
import type { superviseSubscription } from '../src/adapters/eventstoredb/supervised-subscription.ts';
import type { TortureOptions, TortureResult } from './row.ts';
import { type SubscriptionStage, startSubscriptionStage } from './subscription-stage.ts';

/**
 * R6: the log's subscription ends without an error, fails, and goes silent, under appends. Reached when it is resumed
 * within 5 s of the server being there, after silence within 15 s, and those who follow miss nothing and get nothing
 * twice. The control leaves the supervision out: then it stays as it was after its first fault.
 */

const kinds = ['ends', 'fails', 'goes silent'] as const;
type Kind = (typeof kinds)[number];

/** What the row is held to, and the adapter's timers where they are not its own. */
export interface Timing {
  readonly resumedWithin: Readonly<Record<Kind, number>>;
  readonly longestOutage: number;
  readonly options: Partial<EventStoreLogOptions>;
}

const production: Timing = {
  resumedWithin: { ends: 5_000, fails: 5_000, 'goes silent': 15_000 },
  longestOutage: 3_000,
  options: {},
};

/** How many stages of a kind run at once: silence lasts longest. */
const stagesOf: Readonly<Record<Kind, number>> = { ends: 4, fails: 8, 'goes silent': 20 };

/** Breaks the subscription; resolves once nothing stands in the way of its being resumed. */
type Fault = (stage: SubscriptionStage, random: () => number, timing: Timing) => Promise<void>;

const faults: Readonly<Record<Kind, readonly Fault[]>> = {
  ends: [
    async ({ server }) => {
      for (const subscription of [...server.subscriptions]) subscription.end();
    },
  ],
  fails: [
    async ({ server }, random) => {
      const codes = [status.UNAVAILABLE, status.UNKNOWN, status.ABORTED, status.CANCELLED, status.INTERNAL];
      const code = codes[Math.floor(random() * codes.length)] ?? status.UNKNOWN;
      for (const subscription of [...server.subscriptions]) subscription.fail(code);
    },
    async ({ proxy }) => proxy.reset(),
    async ({ proxy }, random, { longestOutage }) => {
      proxy.set('refuse');
      await wait(random() * longestOutage);
      proxy.set('pass');
    },
  ],
  'goes silent': [
    async ({ server }) => {
      for (const subscription of [...server.subscriptions]) subscription.silence();
    },
    async ({ proxy }) => proxy.freeze(),
  ],
};

/** The subscription without its supervision: it is made once. */
const unsupervised: typeof superviseSubscription = (connection, reads, options) => async (sink, signal) => {
  const end = await reads.endPosition();
  sink.restart(end);
  const subscriber = { heard: () => {}, events: sink.events, reached: () => {} };
  await subscribeOnce(connection, placeOf(end), options.deadlineMilliseconds, subscriber, signal).catch(() => {});
};

interface Tally {
  runs: number;
  readonly failures: string[];
  slowest: number;
}

export async function run({
  rounds,
  seed,
  log,
  timing = production,
}: TortureOptions & { timing?: Timing }): Promise<
  TortureResult & { readonly slowestMilliseconds: Readonly<Record<Kind, number>> }
> {
  const begun = performance.now();
  const random = createRandom(seed);
  const slowestMilliseconds: Record<Kind, number> = { ends: 0, fails: 0, 'goes silent': 0 };
  let [runs, failures] = [0, 0];
  for (const kind of kinds) {
    const stages = Math.min(stagesOf[kind], rounds);
    const tallies = await Promise.all(
      Array.from({ length: stages }, (_, index) => {
        const share = Math.floor(rounds / stages) + (index < rounds % stages ? 1 : 0);
        return runStage(kind, index, share, createRandom(Math.floor(random() * 2 ** 32)), timing);
      }),
    );
    for (const failure of tallies.flatMap((tally) => tally.failures)) log(`  ${kind}: ${failure}`);
    runs += tallies.reduce((sum, tally) => sum + tally.runs, 0);
    failures += tallies.reduce((sum, tally) => sum + tally.failures.length, 0);
    slowestMilliseconds[kind] = Math.round(Math.max(...tallies.map(({ slowest }) => slowest)));
    log(`  ${kind}: ${rounds} times, resumed after at most ${slowestMilliseconds[kind]} ms`);
  }
  const controls = await Promise.all(
    kinds.map((kind) => runStage(kind, 0, 1, createRandom(seed), timing, unsupervised)),
  );
  const controlFailed = controls.every((tally) => tally.failures.length > 0);
  const seconds = Math.round((performance.now() - begun) / 100) / 10;
  return { runs, failures, controlFailed, seed, seconds, slowestMilliseconds };
}

async function runStage(
  kind: Kind,
  /** Which of the kind's faults is the first. */
  first: number,
  rounds: number,
  random: () => number,
  timing: Timing,
  subscribing?: typeof superviseSubscription,
): Promise<Tally> {
  const tally: Tally = { runs: 0, failures: [], slowest: 0 };
  const open = (url: string) => openEventStoreLog({ ...timing.options, url }, subscribing);
  const stage = await startSubscriptionStage(open, random);
  const limit = timing.resumedWithin[kind];
  try {
    // Both follow, and one of them has caught up, before anything happens.
    if (!(await stage.reaches(limit))) tally.failures.push('nobody could follow to begin with');
    for (let round = 0; round < rounds; round += 1) {
      tally.runs += 1;
      await wait(random() * 30);
      while (stage.server.subscriptions.size === 0) await wait(2);
      await faults[kind][(first + round) % faults[kind].length]?.(stage, random, timing);
      const broken = performance.now();
      if (!(await stage.reaches(limit))) {
        tally.failures.push(`not resumed within ${limit} ms`);
        return tally;
      }
      tally.slowest = Math.max(tally.slowest, performance.now() - broken);
    }
    tally.failures.push(...(await stage.finish(limit)));
  } finally {
    await stage.close();
  }
  return tally;
}
