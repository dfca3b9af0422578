import { expect, test } from 'vitest';
import { run } from '../../torture/r8-slow.ts';

/** R8 in short: `npm run torture -- R8` is the long form, and the one that compares how long the others wait. */
test('who stops to read is closed with the code that means resume, and everybody else is served', {
  timeout: 120_000,
}, async () => {
  const result = await run({ rounds: 1, seed: 0, log: (line) => console.info(line) });
  expect(result).toMatchObject({ failures: 0, controlFailed: true });
});
