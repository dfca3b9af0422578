import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { openSqliteReadModelWriter } from '../../../src/adapters/sqlite/read-model-writer.ts';
import { runProjection } from '../../../src/projections/run-projection.ts';
import { sampleHistory } from '../../contract/spoiled-histories.ts';
import { logOf } from '../../fakes/log-of-entries.ts';
import { everyRow } from './every-row.ts';
import { emptyFile } from './written-read-models.ts';

const program = join(import.meta.dirname, 'programs', 'fill-a-build.ts');

/** Fills a file in a process of its own, which is killed at a commit; with where it began. */
async function fill(file: string, seed: number, environment: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, ['--no-warnings', program, file, String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  });
  const [[code, signal], printed] = await Promise.all([once(child, 'exit'), text(child.stdout)]);
  return { code, signal, start: Number(printed) };
}

async function freshBuild(seed: number) {
  const file = emptyFile();
  const writer = openSqliteReadModelWriter({ file });
  const log = await logOf(sampleHistory(seed, 200), 5);
  await runProjection({ log, writer, signal: new AbortController().signal, once: true });
  await writer.close();
  return everyRow(file);
}

const killed = { code: null, signal: 'SIGKILL' };

test('a filling that is killed before, within and after a commit, and begun again each time, is a fresh build', {
  timeout: 60_000,
}, async () => {
  const file = emptyFile();
  const seed = Date.now();
  console.info(`the history is of seed ${seed}`);
  const starts: number[] = [];
  for (const moment of ['within', 'before', 'after']) {
    const { start, ...ended } = await fill(file, seed, { FATAL_COMMIT: '3', FATAL_MOMENT: moment });
    expect(ended).toEqual(killed);
    starts.push(start);
  }
  const { start, ...ended } = await fill(file, seed, {});
  expect(ended).toEqual({ code: 0, signal: null });
  starts.push(start);
  // Each has gone on from where the one before it was committed.
  expect(starts).toEqual([...new Set(starts)].sort((a, b) => a - b));
  expect(everyRow(file)).toEqual(await freshBuild(seed));
});
