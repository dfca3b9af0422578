import { type ResourceLimits, Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { createListeners } from '../ports/listeners.ts';
import { CheckpointNotInLog } from '../projections/checkpoint-in-log.ts';
import { keepRunning, type Pauses } from './keep-running.ts';
import type { Projector, ProjectorState } from './projector.ts';
import type { ProjectorFailure, ProjectorMessage } from './projector-thread.ts';
import { StartRefused } from './start-refused.ts';

export interface ProjectorThreadOptions {
  readonly dataDirectory: string;
  readonly logger: Logger;
  /** It has ended for good: no other attempt could go better. */
  readonly onRefused: (error: CheckpointNotInLog) => void;
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
 * is started again. Only read models of another log end it for good.
 *
 * Resolves once the thread projects, into whatever build. Rejects with CheckpointNotInLog, and with StartRefused where the
 * first thread cannot: what hinders it is there before anything was served.
 */
export async function startProjectorThread(options: ProjectorThreadOptions): Promise<Projector> {
  const { logger, pauses } = options;
  const listeners = createListeners<[]>((err) =>
    logger.error({ err }, 'something that is told of the projector has thrown'),
  );
  const begun = Promise.withResolvers<void>();
  let state: ProjectorState = 'waiting';
  let hasBegun = false;

  function onBuild(build: string, serving: boolean): void {
    state = serving ? 'projecting' : 'filling';
    hasBegun = true;
    begun.resolve();
    if (!serving) logger.info({ build }, 'the read models are built from the log');
    else listeners.tell();
  }

  function onMessage(message: ProjectorMessage): void {
    if (message.type === 'build') onBuild(message.build, message.serving);
    else if (message.type === 'poison') logger.error(message, 'an event cannot be projected: its group is halted');
    else if (message.type === 'resumed') logger.info(message, 'a halted group can be read now: it goes on');
    else if (message.type === 'told') logger[message.level](message.about, message.text);
    else if (message.type === 'warning') logger.warn({ reason: message.reason }, 'Node warns');
    else logger.warn({ reason: message.reason }, 'the projector waits and tries again');
  }

  async function run(signal: AbortSignal): Promise<void> {
    try {
      throw new ProjectorThreadEnded(await runThread(options, signal, onMessage));
    } finally {
      state = 'waiting';
    }
  }

  function onEnd(error: unknown): 'again' | 'never' {
    const failure = failureOf(error);
    if (failure.kind === 'not-in-log') {
      state = 'refused';
      logger.fatal(failure.reason);
      const refusal = new CheckpointNotInLog(failure.reason);
      options.onRefused(refusal);
      begun.reject(refusal);
      return 'never';
    }
    if (hasBegun) {
      logger.error({ ...failure }, 'the projector has ended; it is started again');
      return 'again';
    }
    begun.reject(new StartRefused(failure.reason, { cause: error }));
    return 'never';
  }

  const task = keepRunning({ run, onEnd, ...(pauses && { pauses }) });
  await begun.promise;
  return { state: () => state, onServing: (listener) => void listeners.add(listener), stop: task.stop };
}

function failureOf(error: unknown): ProjectorFailure {
  if (error instanceof ProjectorThreadEnded) return error.failure;
  if (!(error instanceof Error)) return { kind: 'other', reason: String(error) };
  return { kind: 'other', reason: error.message, stack: error.stack };
}

/** One thread, from its start to its end. Resolves with why it has ended, whatever that was, also where it was told to. */
async function runThread(
  { dataDirectory, script = ownScript, resourceLimits }: ProjectorThreadOptions,
  signal: AbortSignal,
  onMessage: (message: ProjectorMessage) => void,
): Promise<ProjectorFailure> {
  const worker = new Worker(script, {
    name: 'projector',
    workerData: { dataDirectory },
    ...(resourceLimits && { resourceLimits }),
  });
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
