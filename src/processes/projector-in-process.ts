import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type EventLog, LogUnavailable } from '../ports/event-log.ts';
import { LeaseLost, ReadModelsCorrupt } from '../ports/read-model-faults.ts';
import type { ReadModelWriter } from '../ports/read-models.ts';
import { CheckpointAheadOfLog } from '../projections/checkpoint-ahead.ts';
import { runProjection } from '../projections/run-projection.ts';
import { keepRunning, type Pauses } from './keep-running.ts';
import type { LogTrouble } from './log-trouble.ts';
import type { Projector } from './projector.ts';

export interface ProjectorInProcessOptions {
  /** Shared with whatever else follows the log in this process. */
  readonly log: EventLog;
  /** Resolves once this process is the one writer, which may take for ever; rejects when `signal` aborts. */
  readonly openWriter: (signal: AbortSignal) => Promise<ReadModelWriter>;
  readonly logger: Logger;
  /** Told of damage before the next attempt, so that the writer that it opens begins anew. */
  readonly onCorrupt?: () => void;
  /** It has ended for good: no other attempt could go better. */
  readonly onRefused: (error: CheckpointAheadOfLog) => void;
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
 * begun again from the checkpoint, but for read models that are ahead of the log.
 */
export function startProjectorInProcess(options: ProjectorInProcessOptions): Projector {
  const { log, logger, trouble } = options;
  let state: ReturnType<Projector['state']> = 'waiting';

  async function project(signal: AbortSignal): Promise<void> {
    const writer = await options.openWriter(signal);
    logger.info('this process projects the log into the read models');
    try {
      while (!signal.aborted) {
        const unavailable = await projectOnce(writer, signal);
        if (unavailable === undefined) return;
        state = 'waiting';
        trouble.met(unavailable);
        await wait(retryMilliseconds, undefined, { signal }).catch(() => {});
      }
    } finally {
      state = 'waiting';
      await writer.close();
    }
  }

  /** Until it ends; resolves with why the log could not be used at its start. */
  async function projectOnce(writer: ReadModelWriter, signal: AbortSignal): Promise<LogUnavailable | undefined> {
    try {
      await runProjection({
        log,
        writer,
        signal,
        liveIntervalMilliseconds,
        onCheckpoint: () => {
          state = 'projecting';
        },
        onPoison: (poison) => logger.error(poison, 'an event cannot be projected: its group is halted'),
        onResumed: (groupId) => logger.info({ groupId }, 'a halted group can be read now: it goes on'),
        onFault: (error) => logger.warn({ reason: String(error) }, 'the projector waits and tries again'),
      });
      return undefined;
    } catch (error) {
      if (error instanceof LogUnavailable) return error;
      throw error;
    }
  }

  function onEnd(error: unknown): 'again' | 'never' {
    if (error instanceof CheckpointAheadOfLog) {
      state = 'refused';
      logger.fatal(error.message);
      options.onRefused(error);
      return 'never';
    }
    if (error instanceof LeaseLost) logger.warn({ reason: error.message }, 'the lease is lost: this process stands by');
    else logger.error({ err: error }, 'the projector has ended; it is started again');
    if (error instanceof ReadModelsCorrupt) options.onCorrupt?.();
    return 'again';
  }

  const task = keepRunning({ run: project, onEnd, ...(options.pauses && { pauses: options.pauses }) });
  return { state: () => state, stop: task.stop };
}
