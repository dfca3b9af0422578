import type { BuildId } from '../../ports/read-model-builds.ts';
import { LeaseLost, ReadModelsUnavailable } from '../../ports/read-models.ts';
import type { ReadModelWriter } from '../../ports/row-store.ts';
import { type ConnectionOptions, connect, connectionTo } from './connection.ts';
import { acquireProjectorLease, type LeaseOptions, type ProjectorLease } from './projector-lease.ts';
import { createWriter } from './read-model-writer.ts';
import { takeOver } from './take-over.ts';

export interface WriterOptions extends Omit<LeaseOptions, 'signal'> {
  /** Told what the server lacks. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

const retryMilliseconds = 1_000;

/**
 * Waits until this process is the one writer of the build, which may take for ever. As long as it waits, a server that
 * cannot be used is a reason to go on waiting. Rejects with the reason of `signal` once that aborts, with BuildGone, and
 * with what is a defect.
 */
export async function openBuildWriter(
  build: BuildId,
  signal: AbortSignal,
  options: ConnectionOptions & WriterOptions,
): Promise<ReadModelWriter> {
  const { holder, onNotice = () => {} } = options;
  const onWaiting = onceInARow(options.onWaiting ?? (() => {}));
  const connection = connectionTo(connect(options), build);
  try {
    for (;;) {
      signal.throwIfAborted();
      let lease: ProjectorLease | undefined;
      try {
        lease = await acquireProjectorLease(connection, { ...options, signal, onWaiting });
        const found = await takeOver(connection, { lease, holder, onNotice });
        return createWriter(connection, lease, found);
      } catch (error) {
        await lease?.release();
        if (!(error instanceof ReadModelsUnavailable) && !(error instanceof LeaseLost)) throw error;
        onWaiting(error.message);
      }
      await pause(retryMilliseconds, signal);
    }
  } catch (error) {
    await connection.close();
    throw error;
  }
}
function onceInARow(tell: (reason: string) => void): (reason: string) => void {
  let last: string | undefined;
  return (reason) => {
    if (reason !== last) tell(reason);
    last = reason;
  };
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  const end = () => resolve();
  signal.addEventListener('abort', end, { once: true });
  await promise;
  signal.removeEventListener('abort', end);
  clearTimeout(timer);
}
