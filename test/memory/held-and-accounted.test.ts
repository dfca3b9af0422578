import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { Filled } from './heap-bytes.ts';

/** In a process of its own, whose heap holds nothing else. */
async function run<Result>(program: string, ...options: readonly string[]): Promise<Result> {
  const file = fileURLToPath(new URL(program, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', file, ...options]);
  return JSON.parse(stdout) as Result;
}

async function fill(program: string, boundMebibytes: number): Promise<readonly (readonly [string, Filled])[]> {
  return Object.entries(await run<Record<string, Filled>>(program, String(boundMebibytes)));
}

test.each(['./fill-warm-states.ts', './fill-hot-counts.ts', './fill-shared-snapshots.ts', './fill-recent-events.ts'])(
  'what %s fills to its bound takes about the bound on the heap',
  async (program) => {
    const filled = await fill(program, 4);
    expect(filled.length).toBeGreaterThan(5);
    for (const [kind, { boundBytes, accountedBytes, heldBytes, kept, put }] of filled) {
      expect(accountedBytes, kind).toBeLessThanOrEqual(boundBytes);
      expect(kept, kind).toBeLessThan(put);
      expect(heldBytes / accountedBytes, kind).toBeGreaterThan(0.6);
      expect(heldBytes / accountedBytes, kind).toBeLessThan(1.4);
    }
  },
  60_000,
);

test('a state of strings that were cut out of large requests keeps none of the requests', async () => {
  const { heldBytes, kept } = await run<{ readonly heldBytes: number; readonly kept: number }>('./hold-pieces.ts');
  expect(kept).toBe(100);
  // Each of the hundreds of requests is a megabyte. V8 itself holds on to the last few.
  expect(heldBytes).toBeLessThan(15_000_000);
}, 60_000);

test('those who have stopped listening leave nothing of what they listened to', async () => {
  const { heldBytes } = await run<{ readonly heldBytes: number }>('./hold-listeners.ts');
  expect(heldBytes).toBeLessThan(2_000_000);
}, 60_000);
