import { expect, test } from 'vitest';
import { run } from '../../torture/r11-rights.ts';

/** R11 in short: `npm run torture -- R11` is the long form. */
test('nobody is shown what they may not see, whatever they ask for and whenever their rights change', {
  timeout: 480_000,
}, async () => {
  const seed = Date.now() % 2 ** 31;
  console.info(`everybody asks with seed ${seed}`);
  const result = await run({ rounds: 1, seed, log: (line) => console.info(line) });
  expect(result).toMatchObject({ failures: 0, controlFailed: true });
  expect(result.runs).toBeGreaterThan(5_000);
});
