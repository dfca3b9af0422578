import { setTimeout as wait } from 'node:timers/promises';
import { createRandom } from '../bench/random.ts';
import { controlFails } from './rebuild/control.ts';
import { type Load, type LoadProblem, startLoad } from './rebuild/load.ts';
import { type RebuildStage, startRebuildStage } from './rebuild/stage.ts';
import { rebuildWhole, type Violence, violences } from './rebuild/violence.ts';
import type { TortureOptions, TortureResult } from './row.ts';

/**
 * R5: the read models are rebuilt while many read and write. Reached when the new build is the old one row by row, no read
 * fails, no answer is wrong and nothing acknowledged is stored twice; when rebuilds are killed, stopped, robbed of what
 * they fill or overtaken meanwhile; and when builds that are served are removed, no answer is wrong.
 */

export interface RebuildRowOptions extends TortureOptions {
  /** In the log before anybody comes. */
  readonly events?: number;
  readonly clients?: number;
  /** Which of the kinds of violence happen, by their places in the list; all by default. */
  readonly kinds?: readonly number[];
}

/** What ends within the time of a short form: a rebuild that stood still, and a served build that is removed. */
export const shortStage = { events: 10_000, clients: 16, kinds: [1, 3] } as const;

const { HIGHWATER_MONGODB_URL: mongoUrl } = process.env;
/** What may be answered while there is nothing to answer from. */
const refusals: ReadonlySet<string | undefined> = new Set(['UNAVAILABLE', 'BEHIND']);
/** Longer than a query waits for what is not there, and whoever serves looks for another build. */
const settleMilliseconds = 3_000;

export async function run(options: RebuildRowOptions): Promise<TortureResult> {
  const { rounds, seed, log, events = 200_000, clients = 64, kinds = violences.keys().toArray() } = options;
  log(mongoUrl === undefined ? 'the read models are files: HIGHWATER_MONGODB_URL names no server' : 'on MongoDB');
  const startedAt = performance.now();
  const random = createRandom(seed);
  const problems: string[] = [];
  const stage = await startRebuildStage({ events, clients, mongoUrl });
  try {
    log(`${events} events are projected after ${secondsSince(startedAt)} s`);
    const load = startLoad({ ...stage, history: await stage.messageIds(), random, pauseMilliseconds: 300 });
    try {
      for (let round = 1; round <= rounds; round += 1) {
        problems.push(...(await inPeace(stage, load, log)));
        for (const kind of kinds) {
          const violence = violences[kind];
          if (violence !== undefined) problems.push(...(await inWar(violence, { stage, load, random, log })));
        }
      }
    } finally {
      await load.stop();
    }
    problems.push(...describe(load.problems.splice(0)), ...(await atTheEnd(stage, load, log)));
  } finally {
    await stage.stop();
  }
  for (const problem of problems) log(`failed: ${problem}`);
  return {
    runs: rounds * (1 + kinds.length),
    failures: problems.length,
    controlFailed: await controlFails(random),
    seed,
    seconds: secondsSince(startedAt),
  };
}

const secondsSince = (start: number): number => Math.round((performance.now() - start) / 100) / 10;

const describe = (problems: readonly LoadProblem[]): readonly string[] =>
  problems.map(({ kind, what, code, at }) => `${kind} at ${new Date(at).toISOString()}: ${what} ${code ?? ''}`);

/** A rebuild that nothing disturbs but everybody's reads and writes: no read fails. */
async function inPeace(stage: RebuildStage, load: Load, log: (line: string) => void): Promise<readonly string[]> {
  const [startedAt, before] = [performance.now(), load.rounds()];
  const { problems, result } = await rebuildWhole(stage);
  const seconds = secondsSince(startedAt);
  await wait(settleMilliseconds);
  const { groups, neverStill } = result?.comparison ?? { groups: 0, neverStill: [] };
  log(
    `rebuilt in ${seconds} s: ${groups} groups are the same row by row, ${neverStill.length} never stood still; ` +
      `${load.rounds() - before} rounds of reading and writing meanwhile, ${load.problems.length} not as they should be`,
  );
  return [...problems, ...describe(load.problems.splice(0))];
}

async function inWar(
  { name, mayRefuse, happen }: Violence,
  { stage, load, random, log }: { stage: RebuildStage; load: Load; random: () => number; log: (line: string) => void },
): Promise<readonly string[]> {
  const startedAt = performance.now();
  const problems = await happen(stage, random);
  await wait(settleMilliseconds);
  const met = load.problems.splice(0);
  const bad = met.filter(({ kind, code }) => kind === 'wrong' || !(mayRefuse && refusals.has(code)));
  log(
    `${name}: over after ${secondsSince(startedAt)} s; ${met.length - bad.length} refused, ${bad.length} not as they should be`,
  );
  return [...problems, ...describe(bad)].map((problem) => `${name}: ${problem}`);
}

/** Nobody writes any more: a last build is compared with the served one to the last row, and the log is looked at. */
async function atTheEnd(stage: RebuildStage, load: Load, log: (line: string) => void): Promise<readonly string[]> {
  const { problems, result } = await rebuildWhole(stage);
  const found = [...problems];
  const { groups, neverStill } = result?.comparison ?? { groups: 0, neverStill: [] };
  if (groups !== stage.groupIds.length || neverStill.length > 0)
    found.push(`${groups} groups were compared at the end`);
  const messageIds = await stage.messageIds();
  const sent = [...messageIds.values()].flat().filter((id) => id.startsWith('r5-'));
  for (const [groupId, ids] of messageIds) {
    const twice = ids.length - new Set(ids).size;
    if (twice > 0) found.push(`${twice} messages of ${groupId} are stored twice`);
  }
  const there = new Map([...messageIds].flatMap(([groupId, ids]) => ids.map((id) => [id, groupId] as const)));
  const lost = [...load.acknowledged].filter(([id, groupId]) => there.get(id) !== groupId);
  if (lost.length > 0) found.push(`${lost.length} acknowledged messages are lost`);
  if (sent.length !== load.acknowledged.size)
    found.push(`${sent.length} messages, where ${load.acknowledged.size} were sent`);
  log(`${load.rounds()} rounds, ${sent.length} messages sent, each stored once`);
  return found;
}
