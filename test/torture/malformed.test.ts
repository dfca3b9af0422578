import { expect, test } from 'vitest';
import { run } from '../../torture/r10-malformed.ts';

/** R10 in short: `npm run torture -- R10` is the long form. */
test('20,000 hostile requests end nothing, stall nobody and leave nothing behind; unguarded, they would', {
  timeout: 180_000,
}, async () => {
  const seed = Date.now() % 2 ** 31;
  console.info(`hostile requests with seed ${seed}`);
  const result = await run({ rounds: 20_000, seed, log: (line) => console.info(line) });
  expect(result).toMatchObject({ failures: 0, controlFailed: true });
});
