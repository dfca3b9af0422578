import { expect, test } from 'vitest';
import { run } from '../../torture/r9-revoked.ts';

/** R9 in short: `npm run torture -- R9` is the long form. */
test('who is removed at one process is told nothing more by another one, and an expired token ends what it began', {
  timeout: 90_000,
}, async () => {
  const seed = Date.now() % 2 ** 31;
  console.info(`people are removed with seed ${seed}`);
  const result = await run({ rounds: 8, seed, log: (line) => console.info(line) });
  expect(result).toMatchObject({ runs: 16, failures: 0, controlFailed: true });
});
