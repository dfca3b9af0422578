import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { Filled } from './heap-bytes.ts';

/** In a process of its own, whose heap holds nothing else. */
async function fill(program: string, boundMebibytes: number): Promise<readonly (readonly [string, Filled])[]> {
  const file = fileURLToPath(new URL(program, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', file, String(boundMebibytes)]);
  return Object.entries(JSON.parse(stdout) as Record<string, Filled>);
}

test.each(['./fill-warm-states.ts', './fill-hot-counts.ts'])(
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
