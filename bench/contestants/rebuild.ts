import { openSqliteEventLogReader } from '../../src/adapters/sqlite/event-log.ts';
import { createReadModelFile } from '../../src/adapters/sqlite/read-model-file.ts';
import { openSqliteReadModelWriter } from '../../src/adapters/sqlite/read-model-writer.ts';
import type { EventLog } from '../../src/ports/event-log.ts';
import type { ReadModelWriter } from '../../src/ports/row-store.ts';
import { runProjection } from '../../src/projections/run-projection.ts';
import { answer, contestantOptions } from '../child.ts';
import { requireServers, type ServerUrls } from '../servers.ts';

export interface EmbeddedRebuildOptions {
  readonly logFile: string;
  readonly readModelsFile: string;
}

/** On the servers that the environment names. */
export interface ServerRebuildOptions {
  /** The end of every group's id in the history. Others may have left groups in the log that cannot be read. */
  readonly runId: string;
}

export interface RebuildResult {
  readonly seconds: number;
  readonly countingSeconds: number;
  /** How many events the log has handed to the projection: on a server, those of earlier runs among them. */
  readonly events: number;
}

interface Stores {
  readonly log: EventLog;
  readonly writer: ReadModelWriter;
  /** Between two looks whether all counts are stored: each is a query. */
  readonly pollMilliseconds: number;
}

/** Every read model from the log, the aggregated counts of every group among them. */
const options = contestantOptions<EmbeddedRebuildOptions | ServerRebuildOptions>();
const open = 'runId' in options ? await serverOpener(requireServers()) : () => openEmbedded(options);
const started = performance.now();
const { log, writer, pollMilliseconds } = await open();
const end = await log.endPosition();
const abort = new AbortController();
let projectedAt = Number.NaN;
let events = 0;

await runProjection({
  log: { ...log, subscribe: countingEvents },
  writer,
  signal: abort.signal,
  filling: true,
  onCheckpoint: (_, caughtUp) => {
    if (!caughtUp || !Number.isNaN(projectedAt)) return;
    projectedAt = performance.now();
    void waitForCounts();
  },
  onPoison: (poison) => {
    if ('runId' in options && !poison.groupId.endsWith(options.runId)) return;
    throw new Error(`the history is wrong: ${poison.reason}`);
  },
  onFault: (error) => process.stderr.write(`the rebuild waits and tries again: ${error.message}\n`),
});
const finished = performance.now();
const { position } = await writer.checkpoint();
if (position < end) throw new Error(`the read models are at ${position}, the log was at ${end}`);
await writer.close();
await log.close();
const result: RebuildResult = {
  seconds: (finished - started) / 1_000,
  countingSeconds: (finished - projectedAt) / 1_000,
  events,
};
answer(result);

async function openEmbedded({ logFile, readModelsFile }: EmbeddedRebuildOptions): Promise<Stores> {
  const log = await openSqliteEventLogReader({ file: logFile });
  createReadModelFile(readModelsFile);
  return { log, writer: openSqliteReadModelWriter({ file: readModelsFile }), pollMilliseconds: 5 };
}

/** The drivers are loaded before the clock starts, and not at all in the embedded form. */
async function serverOpener({ eventStoreUrl, mongoUrl }: ServerUrls): Promise<() => Promise<Stores>> {
  const { openEventStoreLog } = await import('../../src/adapters/eventstoredb/event-log.ts');
  const { openMongoReadModelBuilds } = await import('../../src/adapters/mongodb/read-model-builds.ts');
  return async () => {
    const log = await openEventStoreLog({ url: eventStoreUrl });
    const signal = AbortSignal.timeout(60_000);
    const builds = openMongoReadModelBuilds({ url: mongoUrl, holder: 'bench' });
    const writer = await builds.openWriter(await builds.create(), signal);
    return { log, writer, pollMilliseconds: 50 };
  };
}

async function* countingEvents(...from: Parameters<EventLog['subscribe']>): ReturnType<EventLog['subscribe']> {
  for await (const batch of log.subscribe(...from)) {
    events += batch.events.length;
    yield batch;
  }
}

async function waitForCounts(): Promise<void> {
  while ((await writer.groupsToCount(undefined, 1)).length > 0) {
    await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
  }
  abort.abort();
}
