import { onTestFinished } from 'vitest';
import type { BuildId, ReadModelBuilds } from '../../src/ports/read-model-builds.ts';
import { projectServedBuild } from '../../src/processes/project-served-build.ts';
import { type RebuildOptions, rebuildReadModels } from '../../src/processes/rebuild-read-models.ts';
import { runProjection } from '../../src/projections/run-projection.ts';
import { createInMemoryEventLog, type InMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { createInMemoryStore } from '../fakes/in-memory-read-models.ts';
import { beginGroup, markIn } from '../projections/projection-under-test.ts';

export const never = new AbortController().signal;

/** A log of three groups, and the builds of a store, of which one is served that holds all of it. */
export async function rebuildStage() {
  const log = createInMemoryEventLog();
  for (const groupId of ['g', 'h', 'i']) await beginGroup(log, groupId, { messages: 40 });
  await markIn(log, 'g', 30);
  const stage = stageOn(log);
  const served = await stage.filled();
  await stage.builds.serve(undefined, served);
  return { ...stage, served };
}

/** The same on any log; nothing is served. */
export function stageOn(log: InMemoryEventLog) {
  const store = createInMemoryStore();
  const builds: ReadModelBuilds = store.of(1);
  return {
    log,
    store,
    builds,
    rebuild: (more: Partial<RebuildOptions> = {}) =>
      rebuildReadModels({ log, builds, signal: never, patienceMilliseconds: 20, ...more }),
    /** A build that holds all of the log, served by nobody. */
    async filled(): Promise<BuildId> {
      const id = await builds.create();
      const writer = await builds.openWriter(id, never);
      await runProjection({ log, writer, signal: never, once: true });
      await writer.close();
      return id;
    },
    ids: async (): Promise<readonly BuildId[]> => (await builds.list()).map(({ id }) => id),
    /** But for stored counts, of which a build has some as soon as somebody has asked. */
    rowsOf: (id: BuildId) =>
      new Map([...store.rows(id).groups].map(([groupId, { readCounts: _, upTo: __, ...rows }]) => [groupId, rows])),
    /** Somebody who serves: keeps the served build up with the log. */
    startProjector(): void {
      const abort = new AbortController();
      const logger = { warn: () => undefined, error: () => undefined };
      const ended = projectServedBuild({
        ...{ log, builds, signal: abort.signal, logger, onBuild: () => undefined, pollMilliseconds: 5 },
      });
      onTestFinished(async () => {
        abort.abort();
        await ended;
      });
    },
  };
}

export type RebuildStage = Awaited<ReturnType<typeof rebuildStage>>;
