import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import { CallFailed } from './call-failed.ts';
import type { Connection } from './connection.ts';
import type { ReadAnswer } from './read-answer.ts';

export interface ReadCallOptions {
  /** How long the server may say nothing before the call has failed. */
  readonly silenceMilliseconds: number;
  /** Ends the call: it then resolves as if it had been told to stop. */
  readonly signal?: AbortSignal;
}

/**
 * Hands what a read answers to `take`, until that says `stop` or the server has nothing more. Its deadline is one of
 * silence, not of the whole, because a read that goes on bringing something is not hanging, however much there is.
 * Rejects with CallFailed, or with what `take` has thrown.
 */
export function readWhile(
  connection: Connection,
  request: ReadReq,
  { silenceMilliseconds, signal }: ReadCallOptions,
  take: (answer: ReadAnswer) => 'go on' | 'stop',
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return resolve();

    function settle(error?: unknown): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      if (error === undefined) resolve();
      else reject(error);
    }

    function stop(error?: unknown): void {
      cancel();
      settle(error instanceof Error ? error : undefined);
    }

    const timer = setTimeout(
      () => stop(new CallFailed(new Error('nothing was heard for too long'), true)),
      silenceMilliseconds,
    );
    signal?.addEventListener('abort', stop);
    const cancel = connection.read(request, silenceMilliseconds, {
      message: (answer) => {
        timer.refresh();
        try {
          if (take(answer) === 'stop') stop();
        } catch (error) {
          stop(error instanceof Error ? error : new Error(String(error)));
        }
      },
      ended: settle,
    });
  });
}
