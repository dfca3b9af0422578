import { setTimeout as wait } from 'node:timers/promises';

export interface Task {
  /** One run, which goes on until `signal` aborts. Whatever else ends it, also without an error, it is begun again. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /**
   * Told why a run has ended: the error, or undefined where it ended without one. Says after how many milliseconds the
   * next run begins, or that there is to be none.
   */
  readonly onEnd: (error: unknown) => number | 'never';
}

export interface RunningTask {
  /** Aborts the run under way and resolves once it has ended; no other begins. Never rejects. */
  stop(): Promise<void>;
}

/** After a run whose end could not even be told, so that a defect in telling it does not end what is kept running. */
const pauseMilliseconds = 1_000;

/** Runs a task until it is stopped, again and again: the one way in which a process keeps up what may not end. */
export function keepRunning({ run, onEnd }: Task): RunningTask {
  const abort = new AbortController();
  const { signal } = abort;

  /** Undefined where the run was stopped. */
  async function runOnce(): Promise<{ readonly error: unknown } | undefined> {
    try {
      await run(signal);
      return signal.aborted ? undefined : { error: undefined };
    } catch (error) {
      return signal.aborted ? undefined : { error };
    }
  }

  function pauseAfter(error: unknown): number | 'never' {
    try {
      return onEnd(error);
    } catch {
      return pauseMilliseconds;
    }
  }

  async function keep(): Promise<void> {
    while (!signal.aborted) {
      const end = await runOnce();
      const pause = end === undefined ? 'never' : pauseAfter(end.error);
      if (pause === 'never') return;
      await wait(pause, undefined, { signal }).catch(() => {});
    }
  }

  const running = keep();
  return {
    stop() {
      abort.abort();
      return running;
    },
  };
}
