import { type ResourceLimits, Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { discardReadModels } from '../adapters/sqlite/read-model-file.ts';
import { CheckpointAheadOfLog } from '../projections/checkpoint-ahead.ts';
import { keepRunning, type Pauses } from './keep-running.ts';
import type { Projector } from './projector.ts';
import type { ProjectorFailure, ProjectorMessage } from './projector-thread.ts';
import { StartRefused } from './start-refused.ts';

export interface ProjectorThread extends Projector {
  /** Calls the listener whenever the read models' file was thrown away and is built anew. */
  onRebuilt(listener: () => void): void;
  /** Throws the read models away and builds them anew: a reader has met damage that the thread may never meet. */
  rebuild(reason: string): void;
}

export interface ProjectorThreadOptions {
  readonly files: { readonly log: string; readonly readModels: string };
  readonly logger: Logger;
  /** It has ended for good: no other attempt could go better. */
  readonly onRefused: (error: CheckpointAheadOfLog) => void;
  /** The thread's script, limits and pauses; others only in tests of how its failures are borne. */
  readonly script?: URL;
  readonly resourceLimits?: ResourceLimits;
  readonly pauses?: Pauses;
}

const ownScript = new URL('./projector-thread.ts', import.meta.url);
/** A thread that does not end by itself in this time is ended. Its last transaction then counts for nothing. */
const stopMilliseconds = 5_000;

/** Why the thread has ended, as it has told or as its events say. */
class ProjectorThreadEnded extends Error {
  override readonly name = 'ProjectorThreadEnded';
  readonly failure: ProjectorFailure;

  constructor(failure: ProjectorFailure) {
    super(failure.reason);
    this.failure = failure;
  }
}

/**
 * Keeps the projector's thread running. Whatever ends it, an uncaught error, its heap or `process.exit`, is logged and it
 * is started again; read models that turn out to be corrupt are thrown away first, for the log holds everything that
 * they did. Only read models that are ahead of the log end it for good.
 *
 * Resolves once the thread has opened them. Rejects with StartRefused where the first one cannot: what hinders it is
 * there before anything was served.
 */
export async function startProjectorThread(options: ProjectorThreadOptions): Promise<ProjectorThread> {
  const { files, logger, pauses } = options;
  const listeners: (() => void)[] = [];
  const opened = Promise.withResolvers<void>();
  let state: ReturnType<Projector['state']> = 'waiting';
  let hasOpened = false;
  let discarded = false;
  /** Only once readers have the file of this run: until then what they meet is in the one before it. */
  let condemn = (_reason: string): void => {};

  function begun(): void {
    state = 'projecting';
    hasOpened = true;
    opened.resolve();
    if (discarded) for (const listener of listeners) listener();
    discarded = false;
  }

  function onMessage(message: ProjectorMessage): void {
    if (message.type === 'running') begun();
    else if (message.type === 'poison') logger.error(message, 'an event cannot be projected: its group is halted');
    else if (message.type === 'resumed') logger.info(message, 'a halted group can be read now: it goes on');
    else if (message.type === 'warning') logger.warn({ reason: message.reason }, 'Node warns');
    else logger.warn({ reason: message.reason }, 'the projector waits and tries again');
  }

  async function run(signal: AbortSignal): Promise<void> {
    const condemned = new AbortController();
    const hear = (message: ProjectorMessage): void => {
      onMessage(message);
      if (message.type === 'running') condemn = (reason) => condemned.abort(reason);
    };
    try {
      const failure = await runThread(options, AbortSignal.any([signal, condemned.signal]), hear);
      const { aborted, reason } = condemned.signal;
      throw new ProjectorThreadEnded(aborted ? { kind: 'corrupt', reason: String(reason) } : failure);
    } finally {
      state = 'waiting';
      condemn = () => {};
    }
  }

  function onEnd(error: unknown): 'again' | 'never' {
    const failure = failureOf(error);
    if (failure.kind === 'ahead') {
      state = 'refused';
      logger.fatal(failure.reason);
      options.onRefused(new CheckpointAheadOfLog(failure.reason));
    } else if (hasOpened || failure.kind === 'corrupt') {
      logger.error({ ...failure }, 'the projector has ended; it is started again');
      if (failure.kind !== 'corrupt') return 'again';
      discardReadModels(files.readModels);
      discarded = true;
      return 'again';
    }
    opened.reject(new StartRefused(failure.reason, { cause: error }));
    return 'never';
  }

  const task = keepRunning({ run, onEnd, ...(pauses && { pauses }) });
  await opened.promise;
  return {
    state: () => state,
    onRebuilt: (listener) => void listeners.push(listener),
    rebuild: (reason) => condemn(reason),
    stop: task.stop,
  };
}

function failureOf(error: unknown): ProjectorFailure {
  if (error instanceof ProjectorThreadEnded) return error.failure;
  if (!(error instanceof Error)) return { kind: 'other', reason: String(error) };
  return { kind: 'other', reason: error.message, stack: error.stack };
}

/** One thread, from its start to its end. Resolves with why it has ended, whatever that was, also where it was told to. */
async function runThread(
  { files, script = ownScript, resourceLimits }: ProjectorThreadOptions,
  signal: AbortSignal,
  onMessage: (message: ProjectorMessage) => void,
): Promise<ProjectorFailure> {
  const workerData = { logFile: files.log, readModelsFile: files.readModels };
  const worker = new Worker(script, { workerData, ...(resourceLimits && { resourceLimits }) });
  let failure: ProjectorFailure | undefined;
  const failed = (error: unknown): void => {
    failure = failureOf(error);
  };
  worker.on('message', (message: ProjectorMessage | ProjectorFailure) => {
    if (!('type' in message)) {
      failure = message;
      return;
    }
    try {
      onMessage(message);
    } catch (error) {
      // Thrown in a listener, it would end the process. It ends the thread, which is begun again.
      failed(error);
      void worker.terminate();
    }
  });
  worker.on('error', failed);
  // Not events.once: that rejects on `error`, which comes before every `exit` of a thread that has thrown.
  const exited = new Promise<number>((resolve) => worker.once('exit', resolve));
  let late: NodeJS.Timeout | undefined;
  const stop = () => {
    worker.postMessage('stop');
    late = setTimeout(() => void worker.terminate(), stopMilliseconds);
  };
  signal.addEventListener('abort', stop, { once: true });
  const exitCode = await exited;
  clearTimeout(late);
  signal.removeEventListener('abort', stop);
  return failure ?? { kind: 'other', reason: `its thread has ended with exit code ${exitCode}` };
}
