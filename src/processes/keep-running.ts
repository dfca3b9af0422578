import { setTimeout as wait } from 'node:timers/promises';

export interface Task {
  /** One run, which goes on until `signal` aborts. Whatever else ends it, also without an error, it is begun again. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /**
   * Told why a run has ended: the error, or undefined where it ended without one. With 'never' no other is begun. What
   * it throws changes nothing.
   */
  readonly onEnd: (error: unknown) => 'again' | 'never';
  readonly pauses?: Pauses;
}

/** Between two runs, in milliseconds: the first pause, twice as long after each failure, and the longest one. */
export interface Pauses {
  readonly first: number;
  readonly longest: number;
}

export interface RunningTask {
  /** Aborts the run under way and resolves once it has ended; no other begins. Never rejects. */
  stop(): Promise<void>;
}

const usualPauses: Pauses = { first: 1_000, longest: 10_000 };

/** What comes after a run that has lasted so long, and before which there was such a pause. */
export function nextPause({ first, longest }: Pauses, previous: number | undefined, ranMilliseconds: number): number {
  return previous === undefined || ranMilliseconds > longest ? first : Math.min(2 * previous, longest);
}

/**
 * Runs a task until it is stopped, again and again: the one way in which a process keeps up what may not end. What fails
 * at once each time is begun ever more seldom; a run that lasted longer than the longest pause was well, and the pauses
 * begin anew after it.
 */
export function keepRunning({ run, onEnd, pauses = usualPauses }: Task): RunningTask {
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

  /** A defect in telling why a run has ended does not end what is kept running. */
  function tell(error: unknown): 'again' | 'never' {
    try {
      return onEnd(error);
    } catch {
      return 'again';
    }
  }

  async function keep(): Promise<void> {
    for (let pause: number | undefined; !signal.aborted; ) {
      const begun = performance.now();
      const end = await runOnce();
      if (end === undefined || tell(end.error) === 'never') return;
      pause = nextPause(pauses, pause, performance.now() - begun);
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
