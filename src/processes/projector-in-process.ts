import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type EventLog, LogUnavailable } from '../ports/event-log.ts';
import { createListeners } from '../ports/listeners.ts';
import type { ReadModelBuilds } from '../ports/read-model-builds.ts';
import { LeaseLost, ReadModelsUnavailable } from '../ports/read-model-faults.ts';
import { CheckpointNotInLog } from '../projections/checkpoint-in-log.ts';
import { keepRunning, type Pauses } from './keep-running.ts';
import type { LogTrouble } from './log-trouble.ts';
import { projectServedBuild } from './project-served-build.ts';
import type { Projector, ProjectorState } from './projector.ts';

export interface ProjectorInProcessOptions {
  /** Shared with whatever else follows the log in this process. */
  readonly log: EventLog;
  readonly builds: ReadModelBuilds;
  readonly logger: Logger;
  /** It has ended for good: no other attempt could go better. */
  readonly onRefused: (error: CheckpointNotInLog) => void;
  /** Told what the event store is waited for because of. */
  readonly trouble: LogTrouble;
  readonly pauses?: Pauses;
}

/** A batch costs round trips to the read models' server; under load fewer, larger ones. */
const liveIntervalMilliseconds = 15;
/** As everybody else who waits for the event store does: it may be back at any time. */
const retryMilliseconds = 1_000;

/**
 * Projects in this thread, as soon and as long as this process is the one writer. Whatever ends it is logged and it is
 * begun again from the checkpoint, but for read models of another log.
 */
export function startProjectorInProcess(options: ProjectorInProcessOptions): Projector {
  const { log, builds, logger, trouble } = options;
  const listeners = createListeners<[]>((err) =>
    logger.error({ err }, 'something that is told of the projector has thrown'),
  );
  let state: ProjectorState = 'waiting';

  async function project(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const unavailable = await projectOnce(signal);
      if (unavailable === undefined) return;
      trouble.met(unavailable);
      await wait(retryMilliseconds, undefined, { signal }).catch(() => {});
    }
  }

  /** Until it ends; resolves with why the log could not be used. */
  async function projectOnce(signal: AbortSignal): Promise<LogUnavailable | undefined> {
    try {
      await projectServedBuild({
        ...{ log, builds, signal, logger, liveIntervalMilliseconds },
        onBuild(build, serving) {
          state = serving ? 'projecting' : 'filling';
          logger.info({ build }, serving ? 'this process projects the log' : 'this process builds the read models');
          if (serving) listeners.tell();
        },
        onPoison: (poison) => logger.error(poison, 'an event cannot be projected: its group is halted'),
        onResumed: (groupId) => logger.info({ groupId }, 'a halted group can be read now: it goes on'),
        onFault: (error) => logger.warn({ reason: String(error) }, 'the projector waits and tries again'),
      });
      return undefined;
    } catch (error) {
      if (error instanceof LogUnavailable) return error;
      throw error;
    } finally {
      state = 'waiting';
    }
  }

  function onEnd(error: unknown): 'again' | 'never' {
    if (error instanceof CheckpointNotInLog) {
      state = 'refused';
      logger.fatal(error.message);
      options.onRefused(error);
      return 'never';
    }
    const passes = error instanceof LeaseLost || error instanceof ReadModelsUnavailable;
    if (passes) logger.warn({ reason: error.message }, 'this process stands by to project');
    else logger.error({ err: error }, 'the projector has ended; it is started again');
    return 'again';
  }

  const task = keepRunning({ run: project, onEnd, ...(options.pauses && { pauses: options.pauses }) });
  return { state: () => state, onServing: (listener) => void listeners.add(listener), stop: task.stop };
}
