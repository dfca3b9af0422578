import { AppendUnknown, LogUnavailable } from '../../src/ports/event-log.ts';
import { ReadModelsUnavailable } from '../../src/ports/read-model-faults.ts';
import type { ReadModelWriter, RowStore } from '../../src/ports/row-store.ts';
import type { InMemoryEventLog } from './in-memory-event-log.ts';
import type { LaggingReadModels } from './lagging-read-models.ts';

/**
 * What becomes of one call of a store. An append that is `lost` is stored, and its answer does not arrive; of one that is
 * `unknown` nobody knows that it was not stored.
 */
export const fates = ['passes', 'fails', 'lost', 'unknown'] as const;
export type Fate = (typeof fates)[number];

/**
 * Makes stores fail at any call, the second one of a command as well as the first: `next` says what becomes of each, in the
 * order in which they are made. To the next one, a name says which call it is.
 */
export interface FailingCalls {
  /** The log as one process sees it. */
  log(log: InMemoryEventLog): InMemoryEventLog;
  readModels(readModels: LaggingReadModels): LaggingReadModels;
  /** The writer of a build: a call that is lost has been carried out. */
  writer(writer: ReadModelWriter): ReadModelWriter;
  /** How many calls have failed. */
  failed(): number;
}

export function createFailingCalls(next: (name: string) => Fate): FailingCalls {
  let failed = 0;

  function fateOf(name: string): Fate {
    const fate = next(name);
    if (fate !== 'passes') failed += 1;
    return fate;
  }

  async function call<Answer>(name: string, work: () => Promise<Answer>, fault: () => Error): Promise<Answer> {
    const fate = fateOf(name);
    if (fate === 'fails' || fate === 'unknown') throw fault();
    const answer = await work();
    if (fate === 'lost') throw fault();
    return answer;
  }

  const logFault = () => new LogUnavailable('by order of the test');
  const rowsFault = () => new ReadModelsUnavailable('by order of the test');

  const storeOf = (store: RowStore): RowStore => ({
    checkpoint: () => call('writer.checkpoint', store.checkpoint, rowsFault),
    loadGroups: (...ids) => call('writer.loadGroups', () => store.loadGroups(...ids), rowsFault),
    loadRows: (...keys) => call('writer.loadRows', () => store.loadRows(...keys), rowsFault),
    commit: (...batch) => call('writer.commit', () => store.commit(...batch), rowsFault),
    haltedGroups: () => call('writer.haltedGroups', store.haltedGroups, rowsFault),
    close: store.close,
  });

  return {
    log: (log) => ({
      ...log,
      async append(...append) {
        const fate = fateOf('append');
        if (fate === 'fails') throw logFault();
        if (fate === 'unknown') throw new AppendUnknown('by order of the test');
        const result = await log.append(...append);
        if (fate === 'lost') throw new AppendUnknown('by order of the test');
        return result;
      },
      readStream: (...place) => call('readStream', () => log.readStream(...place), logFault),
      readStreamBackwards: (...place) => call('readStreamBackwards', () => log.readStreamBackwards(...place), logFault),
    }),
    readModels: (readModels) => ({
      ...readModels,
      checkpoint: () => call('checkpoint', readModels.checkpoint, rowsFault),
      haltedGroups: () => call('haltedGroups', readModels.haltedGroups, rowsFault),
      groups: (...ids) => call('groups', () => readModels.groups(...ids), rowsFault),
      groupSnapshot: (...id) => call('groupSnapshot', () => readModels.groupSnapshot(...id), rowsFault),
      messages: (...ids) => call('messages', () => readModels.messages(...ids), rowsFault),
      reactions: (...keys) => call('reactions', () => readModels.reactions(...keys), rowsFault),
      acceptedCommands: (...keys) => call('acceptedCommands', () => readModels.acceptedCommands(...keys), rowsFault),
    }),
    writer: (writer) => ({
      ...storeOf(writer),
      openForFilling: () =>
        call('writer.openForFilling', async () => storeOf(await writer.openForFilling()), rowsFault),
      groupsToCount: (...page) => call('writer.groupsToCount', () => writer.groupsToCount(...page), rowsFault),
      groupSnapshots: (...ids) => call('writer.groupSnapshots', () => writer.groupSnapshots(...ids), rowsFault),
      storeReadCounts: (...counts) =>
        call('writer.storeReadCounts', () => writer.storeReadCounts(...counts), rowsFault),
    }),
    failed: () => failed,
  };
}
