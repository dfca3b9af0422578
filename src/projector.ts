import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { discardReadModels } from './adapters/sqlite/read-model-file.ts';
import type { ProjectorMessage } from './projector-thread.ts';

/** Whoever builds the read models, as the rest of its process sees it. */
export interface Projector {
  /** `waiting` for a store or for its turn; `refused`: it has ended for good, and has told why. */
  state(): 'waiting' | 'projecting' | 'refused';
  stop(): Promise<void>;
}

export interface ProjectorThread extends Projector {
  /** Calls the listener whenever the read models' file was thrown away and is built anew. */
  onRebuilt(listener: () => void): void;
}

export interface ProjectorThreadOptions {
  readonly files: { readonly log: string; readonly readModels: string };
  readonly logger: Logger;
}

const restartMilliseconds = 1_000;

/**
 * Keeps the projector's thread running. Whatever ends it is logged and it is started again; read models that turn out to be
 * corrupt are thrown away first, for the log holds everything that they did. Resolves once the thread has opened them.
 */
export async function startProjectorThread({ files, logger }: ProjectorThreadOptions): Promise<ProjectorThread> {
  const rebuilt: (() => void)[] = [];
  let stopping = false;
  let worker: Worker;
  let ended: Promise<void>;
  let projecting = false;

  async function run(): Promise<void> {
    worker = new Worker(new URL('./projector-thread.ts', import.meta.url), {
      workerData: { logFile: files.log, readModelsFile: files.readModels },
    });
    const running = Promise.withResolvers<void>();
    let failure: Extract<ProjectorMessage, { type: 'failed' }> | undefined;
    worker.on('message', (message: ProjectorMessage) => {
      if (message.type === 'running') {
        projecting = true;
        running.resolve();
      } else if (message.type === 'poison') logger.error(message, 'an event cannot be projected: its group is halted');
      else if (message.type === 'fault') logger.warn({ reason: message.reason }, 'the projector waits and tries again');
      else failure = message;
    });
    worker.on('error', (error: Error) => {
      failure = { type: 'failed', corrupt: false, reason: error.stack ?? error.message };
    });
    ended = once(worker, 'exit').then(() => {
      projecting = false;
      running.resolve();
      if (!stopping) void restart(failure);
    });
    await running.promise;
  }

  async function restart(failure: Extract<ProjectorMessage, { type: 'failed' }> | undefined): Promise<void> {
    logger.error(
      { reason: failure?.reason, corrupt: failure?.corrupt },
      'the projector has ended; it is started again',
    );
    if (failure?.corrupt) discardReadModels(files.readModels);
    else await new Promise((resolve) => setTimeout(resolve, restartMilliseconds));
    if (stopping) return;
    await run();
    if (failure?.corrupt) for (const listener of rebuilt) listener();
  }

  await run();
  return {
    state: () => (projecting ? 'projecting' : 'waiting'),
    onRebuilt: (listener) => void rebuilt.push(listener),
    async stop() {
      stopping = true;
      worker.postMessage('stop');
      await ended;
    },
  };
}
