import { type Position, startOfLog } from '../../ports/event-log.ts';
import type { RequestContext } from '../context.ts';

/**
 * What one execution of an operation stands on. `context` is the request's, but for what is read: everything that is
 * reached through it is of one moment, and no older than what was said to be reached.
 */
export interface Answer {
  readonly context: RequestContext;
  /** Whether what was executed is to be thrown away and begun again, and on what. */
  again(): 'on rows' | 'at a newer moment' | undefined;
  /** To be called when the answer is complete, whatever became of it. Never rejects. */
  close(): Promise<void>;
}

export interface AnswerOptions {
  readonly request: RequestContext;
  /** Everything that is read is no older than this. */
  readonly from?: Position | undefined;
  /**
   * Whether one root field is answered completely before the next one begins, as those of a mutation are: then each has a
   * moment of its own, where it needs a newer one than that before.
   */
  readonly isSerial: boolean;
}

export const earliest: Position = startOfLog;

/** Thrown where something is needed that memory does not hold. Nobody is told of it: the answer is begun again on rows. */
export class RowsNeeded extends Error {
  override readonly name = 'RowsNeeded';
}
