import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { openSqliteEventLogReader } from '../adapters/sqlite/event-log.ts';
import { openSqliteReadModelWriter, ReadModelsCorrupt } from '../adapters/sqlite/read-model-writer.ts';
import { CheckpointAheadOfLog } from '../projections/checkpoint-ahead.ts';
import { runProjection } from '../projections/run-projection.ts';

/** What the projector tells the thread that serves. */
export type ProjectorMessage =
  | { readonly type: 'running' }
  | { readonly type: 'poison'; readonly groupId: string; readonly reason: string }
  /** A group that was halted goes on. */
  | { readonly type: 'resumed'; readonly groupId: string }
  /** What Node would print as it is among the lines of the log. */
  | { readonly type: 'warning'; readonly reason: string }
  /** It goes on by itself, but queries fall behind. */
  | { readonly type: 'fault'; readonly reason: string };

/** Why it has ended, as its last message. */
export interface ProjectorFailure {
  /** The read models are corrupt, or ahead of the log; in any other case another attempt may go better. */
  readonly kind: 'corrupt' | 'ahead' | 'other';
  readonly reason: string;
  readonly stack?: string | undefined;
}

const { logFile, readModelsFile } = z.object({ logFile: z.string(), readModelsFile: z.string() }).parse(workerData);
const port = parentPort;
if (port === null) throw new Error('projector-thread.ts runs as a worker');
const tell = (message: ProjectorMessage | ProjectorFailure): void => port.postMessage(message);

process.removeAllListeners('warning');
process.on('warning', (warning) => tell({ type: 'warning', reason: String(warning) }));

/** A busy log comes in hundreds of small commits a second; a transaction for each would take a core from the server. */
const liveIntervalMilliseconds = 15;

/** Projects in a thread of its own, with connections of its own: the serving thread never waits for a read model. */
async function project(): Promise<void> {
  const log = await openSqliteEventLogReader({ file: logFile });
  const writer = openSqliteReadModelWriter({ file: readModelsFile });
  const abort = new AbortController();
  port?.on('message', (message) => {
    if (message === 'stop') abort.abort();
  });
  tell({ type: 'running' });
  try {
    await runProjection({
      log,
      writer,
      signal: abort.signal,
      liveIntervalMilliseconds,
      onPoison: ({ groupId, reason }) => tell({ type: 'poison', groupId, reason }),
      onResumed: (groupId) => tell({ type: 'resumed', groupId }),
      onFault: (error) => tell({ type: 'fault', reason: String(error) }),
    });
  } finally {
    await writer.close();
    await log.close();
  }
}

project().then(
  () => port.close(),
  (error: unknown) => {
    tell(failureOf(error));
    port.close();
  },
);

function failureOf(error: unknown): ProjectorFailure {
  const kind =
    error instanceof ReadModelsCorrupt ? 'corrupt' : error instanceof CheckpointAheadOfLog ? 'ahead' : 'other';
  if (!(error instanceof Error)) return { kind, reason: String(error) };
  return { kind, reason: error.message, stack: error.stack };
}
