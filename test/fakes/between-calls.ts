import type { ReadModelBuilds } from '../../src/ports/read-model-builds.ts';
import type { ReadModelWriter, RowStore } from '../../src/ports/row-store.ts';

/** Told of every call before it is made, by its name; it may wait, or throw. */
export type BeforeCall = (call: string) => Promise<void> | void;

/** Builds as one process sees them, with something that happens before any call of theirs or of a writer. */
export function betweenCalls(builds: ReadModelBuilds, before: BeforeCall): ReadModelBuilds {
  async function after<Answer>(call: string, work: () => Promise<Answer>): Promise<Answer> {
    await before(call);
    return work();
  }

  const storeOf = (store: RowStore): RowStore => ({
    checkpoint: () => after('writer.checkpoint', store.checkpoint),
    loadGroups: (...ids) => after('writer.loadGroups', () => store.loadGroups(...ids)),
    loadRows: (...keys) => after('writer.loadRows', () => store.loadRows(...keys)),
    commit: (...batch) => after('writer.commit', () => store.commit(...batch)),
    haltedGroups: () => after('writer.haltedGroups', store.haltedGroups),
    close: store.close,
  });

  const writerOf = (writer: ReadModelWriter): ReadModelWriter => ({
    ...storeOf(writer),
    openForFilling: () => after('writer.openForFilling', async () => storeOf(await writer.openForFilling())),
    groupsToCount: (...page) => after('writer.groupsToCount', () => writer.groupsToCount(...page)),
    groupSnapshots: (...ids) => after('writer.groupSnapshots', () => writer.groupSnapshots(...ids)),
    storeReadCounts: (...counts) => after('writer.storeReadCounts', () => writer.storeReadCounts(...counts)),
  });

  return {
    schemaVersion: builds.schemaVersion,
    served: () => after('served', builds.served),
    list: () => after('list', builds.list),
    create: () => after('create', builds.create),
    serve: (...change) => after('serve', () => builds.serve(...change)),
    discard: (...id) => after('discard', () => builds.discard(...id)),
    throwAway: (...id) => after('throwAway', () => builds.throwAway(...id)),
    openWriter: (...id) => after('openWriter', async () => writerOf(await builds.openWriter(...id))),
    openReadModels: (...id) => after('openReadModels', () => builds.openReadModels(...id)),
    openContents: (...id) => after('openContents', () => builds.openContents(...id)),
    close: builds.close,
  };
}
