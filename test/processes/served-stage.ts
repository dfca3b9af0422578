import { expect, onTestFinished } from 'vitest';
import { BuildGone, type BuildId } from '../../src/ports/read-model-builds.ts';
import { ReadModelsUnavailable } from '../../src/ports/read-model-faults.ts';
import type { ReadModels, ReadMoment } from '../../src/ports/read-models.ts';
import { createServedReadModels } from '../../src/processes/served-read-models.ts';

/** Builds that answer with their own name, as far as they have come; a store that can be away, and a log that ends somewhere. */
export function servedStage({
  served,
  patienceMilliseconds = 0,
}: {
  served?: BuildId;
  patienceMilliseconds?: number;
} = {}) {
  const positions = new Map<BuildId, number>();
  const closed: BuildId[] = [];
  const opened: BuildId[] = [];
  const damaged: (readonly [BuildId, string])[] = [];
  const defects: unknown[] = [];
  const state = { served, end: 10, isAway: false, opening: Promise.resolve(), answering: Promise.resolve() };
  /** What goes wrong when a build is opened, or closed. */
  const faults: { opening?: Error | undefined; closing?: Error | undefined; answering?: Error | undefined } = {};
  const require = (id: BuildId): number => {
    const position = positions.get(id);
    if (position === undefined) throw new BuildGone(`${id} is gone`);
    return position;
  };
  const readModels = createServedReadModels({
    pollMilliseconds: 60_000,
    patienceMilliseconds,
    log: { endPosition: async () => state.end, readStream: async () => [] },
    onDamage: (...damage) => void damaged.push(damage),
    logger: { error: (about: object) => void defects.push(about) },
    builds: {
      async served() {
        if (state.isAway) throw new ReadModelsUnavailable('the store is away');
        return state.served;
      },
      async openReadModels(id) {
        opened.push(id);
        await state.opening;
        require(id);
        if (faults.opening !== undefined) throw faults.opening;
        const models: Partial<ReadModels> = {
          checkpoint: async () => require(id),
          async haltedGroups() {
            await state.answering;
            if (faults.answering !== undefined) throw faults.answering;
            return [{ groupId: id, position: require(id), reason: '' }];
          },
          async moment() {
            const groups = async () => [{ groupId: id }];
            return { position: require(id), groups, close: async () => undefined } as unknown as ReadMoment;
          },
          async close() {
            closed.push(id);
            if (faults.closing !== undefined) throw faults.closing;
          },
        };
        return models as ReadModels;
      },
    },
  });
  onTestFinished(() => readModels.close());
  const answeredBy = async () => (await readModels.haltedGroups())[0]?.groupId;
  return { readModels, state, faults, positions, closed, opened, damaged, defects, answeredBy };
}

/** The same, answered by build `one`, which is at the end of the log. */
export async function answeringStage() {
  const stage = servedStage({ served: 'one' });
  stage.positions.set('one', 10);
  expect(await stage.answeredBy()).toBe('one');
  return stage;
}
