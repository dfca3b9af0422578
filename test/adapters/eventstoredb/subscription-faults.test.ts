import { expect, test } from 'vitest';
import { run, type Timing } from '../../../torture/r6-subscription-faults.ts';

const seed = Number(process.env['HIGHWATER_SEED'] ?? Date.now() % 2 ** 31);

/** Short timers, and limits that a busy machine keeps. */
const timing: Timing = {
  resumedWithin: { ends: 3_000, fails: 3_000, 'goes silent': 4_000 },
  longestOutage: 100,
  options: { deadlineMilliseconds: 300, silenceMilliseconds: 200, backoff: { first: 5, most: 50 } },
};

test('a subscription that ends, fails or goes silent is resumed without gap or repetition, and is not without supervision', {
  timeout: 60_000,
}, async () => {
  console.info(`the seed is ${seed}`);
  const problems: string[] = [];
  const result = await run({ rounds: 6, seed, log: (line) => problems.push(line), timing });
  expect(result, problems.join('\n')).toMatchObject({ runs: 18, failures: 0, controlFailed: true });
});
