import { expect, test } from 'vitest';
import { run } from '../../torture/r1-kill.ts';

/** R1 in short: `npm run torture -- R1` is the long form. */
test('a server that is killed again and again loses and doubles nothing; without stable ids it would double', {
  timeout: 180_000,
}, async () => {
  const seed = Date.now() % 2 ** 31;
  console.info(`a server is killed with seed ${seed}`);
  const result = await run({ rounds: 3, seed, log: (line) => console.info(line) });
  expect(result).toMatchObject({ failures: 0, controlFailed: true });
});
