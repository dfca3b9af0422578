import { expect, onTestFinished, test, vi } from 'vitest';
import { BuildGone } from '../../src/ports/read-model-builds.ts';
import { ReadModelsCorrupt, ReadModelsUnavailable } from '../../src/ports/read-model-faults.ts';
import { answeringStage, servedStage as stage } from './served-stage.ts';

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
  const { readModels, state, positions, answeredBy } = await answeringStage();
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
  const { readModels, state, answeredBy } = await answeringStage();
  state.isAway = true;
  await readModels.look();
  expect(await answeredBy()).toBe('one');
});

test('a replaced build is closed after the last query that it was asked', async () => {
  const { readModels, state, positions, closed, answeredBy } = await answeringStage();
  positions.set('two', 10);
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

test('a build is not left for one that holds less than it has come to hold since that was served', async () => {
  const { readModels, state, positions, answeredBy } = await answeringStage();
  positions.set('two', 9);
  state.served = 'two';
  await readModels.look();
  // Whoever projects goes on with the one for a moment.
  positions.set('one', 15);
  positions.set('two', 12);
  await readModels.look();
  expect(await answeredBy()).toBe('one');
  positions.set('two', 15);
  await readModels.look();
  expect(await answeredBy()).toBe('two');
});

test('where the build goes while another is waited for, that is to hold what the log held then', async () => {
  const { readModels, state, positions, answeredBy } = await answeringStage();
  positions.set('two', 9);
  state.served = 'two';
  await readModels.look();
  positions.set('one', 15);
  state.end = 15;
  expect(await answeredBy()).toBe('one');
  positions.delete('one');
  positions.set('two', 12);
  // Not by a query: by whoever looks for the next one.
  await readModels.look();
  await expect(answeredBy()).rejects.toThrow(ReadModelsUnavailable);
  await expect(answeredBy()).rejects.toThrow(ReadModelsUnavailable);
  positions.set('two', 15);
  expect(await answeredBy()).toBe('two');
});

test.each([
  ['gone', new BuildGone('by order of the test')],
  ['damaged', new ReadModelsCorrupt('by order of the test')],
])('a served build that is %s when it is to be opened is a reason to try again later', async (_, fault) => {
  const { faults, positions, answeredBy } = stage({ served: 'one' });
  positions.set('one', 10);
  faults.opening = fault;
  await expect(answeredBy()).rejects.toThrow(ReadModelsUnavailable);
  faults.opening = undefined;
  expect(await answeredBy()).toBe('one');
});

test('a build that cannot be closed holds up nothing, and ends nothing', async () => {
  const { readModels, state, faults, positions, closed, answeredBy } = stage({ served: 'one' });
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  onTestFinished(() => void process.off('unhandledRejection', unhandled));
  positions.set('one', 10);
  positions.set('two', 9);
  expect(await answeredBy()).toBe('one');
  faults.closing = new Error('by order of the test');
  state.served = 'two';
  await readModels.look();
  positions.set('two', 10);
  await readModels.look();
  expect(await answeredBy()).toBe('two');
  await new Promise((resolve) => setImmediate(resolve));
  expect(closed).toEqual(['two', 'one']);
  expect(unhandled).not.toHaveBeenCalled();
  faults.closing = undefined;
});

test('damage is told with the build that it is in, whether a query meets it or a build is opened', async () => {
  const { readModels, state, faults, positions, damaged, answeredBy } = await answeringStage();
  faults.answering = new ReadModelsCorrupt('a page is damaged');
  await expect(answeredBy()).rejects.toThrow(ReadModelsUnavailable);
  expect(damaged).toEqual([['one', 'a page is damaged']]);
  // What does not meet it is answered.
  expect(await readModels.checkpoint()).toBe(10);
  positions.set('two', 10);
  state.served = 'two';
  faults.opening = new ReadModelsCorrupt('its header is damaged');
  await readModels.look();
  expect(damaged.at(-1)).toEqual(['two', 'its header is damaged']);
  expect(damaged).toHaveLength(2);
});

test('a listener that throws keeps nothing from the others, and nothing from whoever looks', async () => {
  const { readModels, state, positions, defects, answeredBy } = await answeringStage();
  const defect = new Error('by order of the test');
  const others = vi.fn();
  readModels.onSwitched(others);
  readModels.onSwitched(() => {
    throw defect;
  });
  readModels.onSwitched(others);
  positions.set('two', 10);
  state.served = 'two';
  expect(await answeredBy()).toBe('one');
  await readModels.look();
  expect(await answeredBy()).toBe('two');
  expect(others.mock.calls).toEqual([['two'], ['two']]);
  expect(defects).toEqual([{ err: defect }]);
});
