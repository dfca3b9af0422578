import { expect, test } from 'vitest';
import { run } from '../../torture/r12-churn.ts';

/** R12 in short: `npm run torture -- R12` is the long form. */
test('who comes and goes without a word leaves nothing behind, and nobody who is deaf keeps a server from ending', {
  timeout: 120_000,
}, async () => {
  const seed = Date.now() % 2 ** 31;
  console.info(`people come and go with seed ${seed}`);
  const result = await run({ rounds: 200, seed, log: (line) => console.info(line) });
  expect(result).toMatchObject({ failures: 0, controlFailed: true });
});
