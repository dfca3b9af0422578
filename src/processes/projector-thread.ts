import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { openSqliteEventLogReader } from '../adapters/sqlite/event-log.ts';
import { openSqliteReadModelBuilds } from '../adapters/sqlite/read-model-builds.ts';
import { CheckpointNotInLog } from '../projections/checkpoint-in-log.ts';
import { filesOf } from './data-directory.ts';
import { projectServedBuild } from './project-served-build.ts';

/** What the projector tells the thread that serves. */
export type ProjectorMessage =
  /** It projects into a build, which is served already or filled first. */
  | { readonly type: 'build'; readonly build: string; readonly serving: boolean }
  | { readonly type: 'poison'; readonly groupId: string; readonly reason: string }
  /** A group that was halted goes on. */
  | { readonly type: 'resumed'; readonly groupId: string }
  | { readonly type: 'told'; readonly level: 'warn' | 'error'; readonly about: object; readonly text: string }
  /** What Node would print as it is among the lines of the log. */
  | { readonly type: 'warning'; readonly reason: string }
  /** It goes on by itself, but queries fall behind. */
  | { readonly type: 'fault'; readonly reason: string };

/** Why it has ended, as its last message. */
export interface ProjectorFailure {
  /** The read models are of another log; in any other case another attempt may go better. */
  readonly kind: 'not-in-log' | 'other';
  readonly reason: string;
  readonly stack?: string | undefined;
}

const { dataDirectory } = z.object({ dataDirectory: z.string() }).parse(workerData);
const port = parentPort;
if (port === null) throw new Error('projector-thread.ts runs as a worker');
const tell = (message: ProjectorMessage | ProjectorFailure): void => port.postMessage(message);
const telling =
  (level: 'warn' | 'error') =>
  (about: object, text: string): void =>
    tell({ type: 'told', level, about, text });

process.removeAllListeners('warning');
process.on('warning', (warning) => tell({ type: 'warning', reason: String(warning) }));

/** A busy log comes in hundreds of small commits a second; a transaction for each would take a core from the server. */
const liveIntervalMilliseconds = 15;

/** Projects in a thread of its own, with connections of its own: the serving thread never waits for a read model. */
async function project(): Promise<void> {
  const files = filesOf(dataDirectory);
  const log = await openSqliteEventLogReader({ file: files.log });
  const abort = new AbortController();
  port?.on('message', (message) => {
    if (message === 'stop') abort.abort();
  });
  try {
    await projectServedBuild({
      log,
      builds: openSqliteReadModelBuilds({ directory: files.readModels, removesSchema2: true }),
      signal: abort.signal,
      liveIntervalMilliseconds,
      logger: { warn: telling('warn'), error: telling('error') },
      onBuild: (build, serving) => tell({ type: 'build', build, serving }),
      onPoison: ({ groupId, reason }) => tell({ type: 'poison', groupId, reason }),
      onResumed: (groupId) => tell({ type: 'resumed', groupId }),
      onFault: (error) => tell({ type: 'fault', reason: String(error) }),
    });
  } finally {
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
  const kind = error instanceof CheckpointNotInLog ? 'not-in-log' : 'other';
  if (!(error instanceof Error)) return { kind, reason: String(error) };
  return { kind, reason: error.message, stack: error.stack };
}
