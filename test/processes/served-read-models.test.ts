import { expect, onTestFinished, test, vi } from 'vitest';
import { BuildGone, type BuildId } from '../../src/ports/read-model-builds.ts';
import { ReadModelsUnavailable } from '../../src/ports/read-model-faults.ts';
import type { ReadModels } from '../../src/ports/read-models.ts';
import { createServedReadModels } from '../../src/processes/served-read-models.ts';

/** Builds that answer with their own name, as far as they have come; a store that can be away, and a log that ends somewhere. */
function stage({ served, patienceMilliseconds = 0 }: { served?: BuildId; patienceMilliseconds?: number } = {}) {
  const positions = new Map<BuildId, number>();
  const closed: BuildId[] = [];
  const state = { served, end: 10, isAway: false };
  const require = (id: BuildId): number => {
    const position = positions.get(id);
    if (position === undefined) throw new BuildGone(`${id} is gone`);
    return position;
  };
  const readModels = createServedReadModels({
    pollMilliseconds: 60_000,
    patienceMilliseconds,
    log: { endPosition: async () => state.end },
    builds: {
      async served() {
        if (state.isAway) throw new ReadModelsUnavailable('the store is away');
        return state.served;
      },
      async openReadModels(id) {
        require(id);
        const opened: Partial<ReadModels> = {
          checkpoint: async () => require(id),
          haltedGroups: async () => [{ groupId: id, position: require(id), reason: '' }],
          close: async () => void closed.push(id),
        };
        return opened as ReadModels;
      },
    },
  });
  onTestFinished(() => readModels.close());
  const answeredBy = async () => (await readModels.haltedGroups())[0]?.groupId;
  return { readModels, state, positions, closed, answeredBy };
}

test('a query is answered by the served build, and waits a while for the first one to be served', async () => {
  const { state, positions, answeredBy } = stage({ patienceMilliseconds: 60_000 });
  const answer = answeredBy();
  positions.set('one', 0);
  state.served = 'one';
  expect(await answer).toBe('one');
});

test('a query is refused where no build is served in time', async () => {
  await expect(stage().answeredBy()).rejects.toThrow(ReadModelsUnavailable);
});

test('another build takes the place of the first once it holds what the log held when it was first seen', async () => {
  const { readModels, state, positions, closed, answeredBy } = stage({ served: 'one' });
  positions.set('one', 10);
  const switched = vi.fn();
  readModels.onSwitched(switched);
  expect(await answeredBy()).toBe('one');
  positions.set('two', 9);
  state.served = 'two';
  await readModels.look();
  expect(await answeredBy()).toBe('one');
  // What the log takes on after that is no reason to wait for.
  state.end = 20;
  positions.set('two', 10);
  await readModels.look();
  expect(await answeredBy()).toBe('two');
  expect(switched.mock.calls).toEqual([['two']]);
  expect(closed).toContain('one');
});

test('where the build is gone nothing is answered until another holds what the log held', async () => {
  const { readModels, state, positions, answeredBy } = stage({ served: 'one' });
  positions.set('one', 10);
  expect(await answeredBy()).toBe('one');
  positions.delete('one');
  state.served = undefined;
  await expect(answeredBy()).rejects.toThrow(ReadModelsUnavailable);
  positions.set('two', 3);
  state.served = 'two';
  await expect(answeredBy()).rejects.toThrow(ReadModelsUnavailable);
  await expect(readModels.checkpoint()).rejects.toThrow(ReadModelsUnavailable);
  positions.set('two', 10);
  expect(await answeredBy()).toBe('two');
});

test('a store that does not say which build is served changes nothing for one that answers', async () => {
  const { readModels, state, positions, answeredBy } = stage({ served: 'one' });
  positions.set('one', 10);
  expect(await answeredBy()).toBe('one');
  state.isAway = true;
  await readModels.look();
  expect(await answeredBy()).toBe('one');
});

test('a replaced build is closed after the last query that it was asked', async () => {
  const { readModels, state, positions, closed, answeredBy } = stage({ served: 'one' });
  positions.set('one', 10);
  positions.set('two', 10);
  expect(await answeredBy()).toBe('one');
  const answer = answeredBy();
  await Promise.resolve();
  state.served = 'two';
  const looking = readModels.look();
  expect(await answer).toBe('one');
  await looking;
  expect(await answeredBy()).toBe('two');
  expect(closed.filter((id) => id === 'one')).toEqual(['one']);
});

test('once it is closed nothing is answered and no build is opened', async () => {
  const { readModels, state, positions, answeredBy } = stage({ served: 'one' });
  positions.set('one', 10);
  await readModels.close();
  state.served = 'one';
  await expect(answeredBy()).rejects.toThrow(ReadModelsUnavailable);
});
