import { createRandom } from '../bench/random.ts';
import type { Services } from '../src/api/services.ts';
import { walkOneDeparture, walkRights } from './rights/round.ts';
import { startRightsStage } from './rights/stage.ts';
import type { TortureOptions, TortureResult } from './row.ts';

/**
 * R11: every field, as everybody, about everything, before and after each change of rights. Reached when nobody is ever shown
 * a marker of a group that they may not see, nobody who is outside can tell that a group goes on or is there at all, and
 * each mutation is refused as the table says. The control takes away the look at the newest rights: they stay as they were
 * when they were first asked for.
 */
export async function run({ rounds, seed, log }: TortureOptions): Promise<TortureResult> {
  const begun = performance.now();
  const random = createRandom(seed);
  let [runs, failures] = [0, 0];
  for (let round = 0; round < rounds; round += 1) {
    const stage = await startRightsStage();
    try {
      // The first of many leaves nothing out; the others draw what they try.
      const { asked, problems } = await walkRights({ stage, random, exhaustive: rounds > 1 && round === 0, log });
      for (const problem of problems) log(`  failed: ${problem.slice(0, 1_000)}`);
      runs += asked;
      failures += problems.length;
    } finally {
      await stage.close();
    }
  }
  const controlFailed = await controlFails(createRandom(seed), log);
  return { runs, failures, controlFailed, seed, seconds: Math.round((performance.now() - begun) / 100) / 10 };
}

/** The cure taken out: rights are those that a group's state gave when it was first asked. */
export function withRightsOfOld(services: Services): Services {
  const first = new Map<string, ReturnType<Services['commands']['group']>>();
  const old = (groupId: string) => {
    const known = first.get(groupId) ?? services.commands.newestGroup(groupId);
    first.set(groupId, known);
    return known;
  };
  return { ...services, commands: { ...services.commands, group: old, newestGroup: old } };
}

async function controlFails(random: () => number, log: (line: string) => void): Promise<boolean> {
  log('control: rights stay as they were when they were first asked for');
  const stage = await startRightsStage(withRightsOfOld);
  try {
    const problems = await walkOneDeparture({ stage, random });
    return problems.some((problem) => problem.startsWith('fay is shown'));
  } finally {
    await stage.close();
  }
}
