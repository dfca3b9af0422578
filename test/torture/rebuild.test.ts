import { expect, test } from 'vitest';
import { run } from '../../torture/r5-rebuild.ts';

/** R5 in short: `npm run torture -- R5` is the long form. */
test('the read models are rebuilt while people read and write: no read fails, no answer is wrong, nothing is stored twice', {
  timeout: 120_000,
}, async () => {
  const seed = Date.now() % 2 ** 31;
  console.info(`read models are rebuilt with seed ${seed}`);
  const log = (line: string): void => console.info(line);
  const result = await run({ rounds: 1, seed, log, events: 3_000, clients: 8, kinds: [3] });
  expect(result).toMatchObject({ failures: 0, controlFailed: true });
});
