import { setTimeout as wait } from 'node:timers/promises';
import type { Position } from '../../ports/event-log.ts';
import type { RequestContext } from '../context.ts';
import type { Answer } from './answer.ts';
import { answerFromMemory } from './answer-from-memory.ts';
import { answerOnRows } from './answer-on-rows.ts';

export interface Operation {
  /** Whether it is a mutation, whose root fields are answered one after the other. */
  readonly isSerial: boolean;
  readonly from?: Position | undefined;
  /** Whether memory alone is tried first. */
  readonly triesMemory: boolean;
  /** Told where memory alone was not enough: nor will it be the next time. */
  readonly onRowsNeeded?: () => void;
}

/** What changes so fast that it passes as often is told to be tried again. */
const maximumMoments = 8;
const longestPauseMilliseconds = 50;

/**
 * Executes an operation so that everything in its answer is of one moment. Where the moment has passed before the answer was
 * complete, or where rows are needed that memory does not hold, it is executed again: commands are given once all the same
 * (see carry-out-once.ts).
 */
export async function atOneMoment<Result>(
  request: RequestContext,
  { isSerial, from, triesMemory, onRowsNeeded }: Operation,
  execute: (context: RequestContext) => Result | Promise<Result>,
): Promise<Result> {
  const outcomes = new Map<string, Promise<unknown>>();
  const options = { request: { ...request, outcomes }, from, isSerial };
  let answer: Answer = triesMemory ? answerFromMemory(options) : answerOnRows(options);
  for (let moments = 1; ; ) {
    let result: Result;
    try {
      result = await execute(answer.context);
    } finally {
      await answer.close();
    }
    const again = answer.again();
    if (again === undefined || moments === maximumMoments) return result;
    if (again === 'on rows') onRowsNeeded?.();
    else {
      await wait(Math.min(2 ** moments, longestPauseMilliseconds));
      moments += 1;
    }
    answer = answerOnRows(options);
  }
}
