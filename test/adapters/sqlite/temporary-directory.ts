import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A directory that goes when it is told to. */
export function makeTemporaryDirectory(): { readonly directory: string; remove(): void } {
  const directory = mkdtempSync(join(tmpdir(), 'highwater-'));
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

/** A directory that goes with the test that asked for it. */
export function temporaryDirectory(): string {
  const { directory, remove } = makeTemporaryDirectory();
  onTestFinished(remove);
  return directory;
}
