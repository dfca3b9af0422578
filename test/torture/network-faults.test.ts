import { expect, test } from 'vitest';
import { run } from '../../torture/r3-network.ts';

/** R3 in short: `npm run torture -- R3` is the long form. */
test('a failing network before the event store loses, doubles and hangs nothing; without stable ids it would double', {
  timeout: 180_000,
}, async () => {
  const seed = Date.now() % 2 ** 31;
  console.info(`the network fails with seed ${seed}`);
  const result = await run({ rounds: 2, seed, log: (line) => console.info(line) }, { onFiles: true });
  expect(result).toMatchObject({ failures: 0, controlFailed: true });
});
