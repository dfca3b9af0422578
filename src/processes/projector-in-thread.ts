import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { discardReadModels } from '../adapters/sqlite/read-model-file.ts';
import { keepRunning } from './keep-running.ts';
import type { Projector } from './projector.ts';
import type { ProjectorMessage } from './projector-thread.ts';

export interface ProjectorThread extends Projector {
  /** Calls the listener whenever the read models' file was thrown away and is built anew. */
  onRebuilt(listener: () => void): void;
}

export interface ProjectorThreadOptions {
  readonly files: { readonly log: string; readonly readModels: string };
  readonly logger: Logger;
  /** The thread's script; another one only in tests of how its failures are borne. */
  readonly script?: URL;
}

const restartMilliseconds = 1_000;
const ownScript = new URL('./projector-thread.ts', import.meta.url);

/** Why the thread has ended, as it has told or as its `error` event says. */
class ProjectorThreadEnded extends Error {
  override readonly name = 'ProjectorThreadEnded';
  readonly corrupt: boolean;

  constructor(reason: string, corrupt: boolean) {
    super(reason);
    this.corrupt = corrupt;
  }
}

/**
 * Keeps the projector's thread running. Whatever ends it is logged and it is started again; read models that turn out to be
 * corrupt are thrown away first, for the log holds everything that they did. Resolves once the thread has opened them.
 */
export async function startProjectorThread(options: ProjectorThreadOptions): Promise<ProjectorThread> {
  const { files, logger, script = ownScript } = options;
  const listeners: (() => void)[] = [];
  const opened = Promise.withResolvers<void>();
  let projecting = false;
  let discarded = false;

  function begun(): void {
    projecting = true;
    opened.resolve();
    if (discarded) for (const listener of listeners) listener();
    discarded = false;
  }

  async function run(signal: AbortSignal): Promise<void> {
    const worker = new Worker(script, { workerData: { logFile: files.log, readModelsFile: files.readModels } });
    // Not events.once: that rejects on `error`, which comes before every `exit` of a thread that has thrown.
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    let failure: ProjectorThreadEnded | undefined;
    worker.on('message', (message: ProjectorMessage) => {
      if (message.type === 'running') begun();
      else if (message.type === 'poison') logger.error(message, 'an event cannot be projected: its group is halted');
      else if (message.type === 'fault') logger.warn({ reason: message.reason }, 'the projector waits and tries again');
      else failure = new ProjectorThreadEnded(message.reason, message.corrupt);
    });
    worker.on('error', (error: Error) => {
      failure = new ProjectorThreadEnded(error.stack ?? error.message, false);
    });
    const stop = () => worker.postMessage('stop');
    signal.addEventListener('abort', stop, { once: true });
    await exited;
    signal.removeEventListener('abort', stop);
    projecting = false;
    opened.resolve();
    if (failure !== undefined) throw failure;
  }

  function onEnd(error: unknown): number {
    const corrupt = error instanceof ProjectorThreadEnded && error.corrupt;
    const reason = error instanceof Error ? error.message : undefined;
    logger.error({ reason, corrupt }, 'the projector has ended; it is started again');
    if (!corrupt) return restartMilliseconds;
    discardReadModels(files.readModels);
    discarded = true;
    return 0;
  }

  const task = keepRunning({ run, onEnd });
  await opened.promise;
  return {
    state: () => (projecting ? 'projecting' : 'waiting'),
    onRebuilt: (listener) => void listeners.push(listener),
    stop: task.stop,
  };
}
