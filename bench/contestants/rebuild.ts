import { openSqliteEventLogReader } from '../../src/adapters/sqlite/event-log.ts';
import { openSqliteReadModelWriter } from '../../src/adapters/sqlite/read-model-writer.ts';
import { runProjection } from '../../src/projections/run-projection.ts';
import { answer, contestantOptions } from '../child.ts';

export interface RebuildOptions {
  readonly logFile: string;
  readonly readModelsFile: string;
}

/** Every read model from the log, the aggregated counts of every group among them. */
const { logFile, readModelsFile } = contestantOptions<RebuildOptions>();
const started = performance.now();
const log = await openSqliteEventLogReader({ file: logFile });
const writer = openSqliteReadModelWriter({ file: readModelsFile });
const abort = new AbortController();
let projectedAt = Number.NaN;

await runProjection({
  log,
  writer,
  signal: abort.signal,
  onCheckpoint: (_, caughtUp) => {
    if (!caughtUp) return;
    projectedAt = performance.now();
    void waitForCounts();
  },
  onPoison: (poison) => {
    throw new Error(`the history is wrong: ${poison.reason}`);
  },
});
const seconds = (performance.now() - started) / 1_000;
const checkpoint = await writer.checkpoint();
const end = await log.endPosition();
if (checkpoint !== end) throw new Error(`the read models are at ${checkpoint}, the log at ${end}`);
await writer.close();
await log.close();
answer({ seconds, countingSeconds: (started + seconds * 1_000 - projectedAt) / 1_000 });

async function waitForCounts(): Promise<void> {
  while ((await writer.groupsToCount(undefined, 1)).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  abort.abort();
}
