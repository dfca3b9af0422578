import { AppendUnknown, LogUnavailable } from '../../src/ports/event-log.ts';
import { ReadModelsUnavailable } from '../../src/ports/read-model-faults.ts';
import type { InMemoryEventLog } from './in-memory-event-log.ts';
import type { LaggingReadModels } from './lagging-read-models.ts';

/** What becomes of one call of a store. An append that is `lost` is stored, and its answer does not arrive. */
export const fates = ['passes', 'fails', 'lost'] as const;
export type Fate = (typeof fates)[number];

/**
 * Makes stores fail at any call, the second one of a command as well as the first: `next` says what becomes of each, in the
 * order in which they are made.
 */
export interface FailingCalls {
  /** The log as one process sees it. */
  log(log: InMemoryEventLog): InMemoryEventLog;
  readModels(readModels: LaggingReadModels): LaggingReadModels;
  /** How many calls have failed. */
  failed(): number;
}

export function createFailingCalls(next: () => Fate): FailingCalls {
  let failed = 0;

  function fails(): Fate {
    const fate = next();
    if (fate !== 'passes') failed += 1;
    return fate;
  }

  async function call<Answer>(work: () => Promise<Answer>, fault: () => Error): Promise<Answer> {
    const fate = fails();
    if (fate === 'fails') throw fault();
    const answer = await work();
    if (fate === 'lost') throw fault();
    return answer;
  }

  const logFault = () => new LogUnavailable('by order of the test');
  const rowsFault = () => new ReadModelsUnavailable('by order of the test');

  return {
    log: (log) => ({
      ...log,
      async append(...append) {
        const fate = fails();
        if (fate === 'fails') throw logFault();
        const result = await log.append(...append);
        if (fate === 'lost') throw new AppendUnknown('by order of the test');
        return result;
      },
      readStream: (...place) => call(() => log.readStream(...place), logFault),
      readStreamBackwards: (...place) => call(() => log.readStreamBackwards(...place), logFault),
    }),
    readModels: (readModels) => ({
      ...readModels,
      checkpoint: () => call(readModels.checkpoint, rowsFault),
      groups: (...ids) => call(() => readModels.groups(...ids), rowsFault),
      groupSnapshot: (...id) => call(() => readModels.groupSnapshot(...id), rowsFault),
      messages: (...ids) => call(() => readModels.messages(...ids), rowsFault),
      reactions: (...keys) => call(() => readModels.reactions(...keys), rowsFault),
      acceptedCommands: (...keys) => call(() => readModels.acceptedCommands(...keys), rowsFault),
    }),
    failed: () => failed,
  };
}
