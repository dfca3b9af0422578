import type { LogBatch } from './event-log.ts';

/**
 * The iterator of one who follows the log. Each `next` takes its step when the one before it has settled. `return` calls
 * `end`, which has to let a pending step finish: a generator's own `return` would wait for it, and it may be waiting for
 * an event that never comes.
 */
export function batchIterator(
  step: () => Promise<IteratorResult<LogBatch, undefined>>,
  end: () => void,
): AsyncIterator<LogBatch, undefined> {
  let turn: Promise<unknown> = Promise.resolve();
  return {
    next: () => {
      const result = turn.then(step);
      turn = result.catch(() => {});
      return result;
    },
    return: () => {
      end();
      return Promise.resolve({ done: true, value: undefined });
    },
  };
}
