import { expect, test, vi } from 'vitest';
import { ReadModelsUnavailable } from '../../src/ports/read-model-faults.ts';
import { answeringStage, servedStage as stage } from './served-stage.ts';

test('a replaced build is left open for a query that goes on, and closed when that has its answer', async () => {
  const { readModels, state, positions, closed, answeredBy } = await answeringStage();
  positions.set('two', 10);
  const gate = Promise.withResolvers<void>();
  state.answering = gate.promise;
  const answer = answeredBy();
  await Promise.resolve();
  state.served = 'two';
  await readModels.look();
  expect(closed).toEqual([]);
  gate.resolve();
  expect(await answer).toBe('one');
  expect(closed).toEqual(['one']);
});

test('a replaced build is left open for an open moment, which goes on answering from it', async () => {
  const { readModels, state, positions, closed } = stage({ served: 'one' });
  positions.set('one', 10);
  positions.set('two', 12);
  const [moment, other] = [await readModels.moment(), await readModels.moment()];
  state.served = 'two';
  await readModels.look();
  expect(moment.position).toBe(10);
  expect((await moment.groups(['any']))[0]?.groupId).toBe('one');
  await moment.close();
  await moment.close();
  expect(closed).toEqual([]);
  await other.close();
  expect(closed).toEqual(['one']);
  const next = await readModels.moment();
  expect(next.position).toBe(12);
  await next.close();
});

test('a build that is gone when a moment is opened is asked no more', async () => {
  const { readModels, positions, closed, answeredBy } = stage({ served: 'one' });
  positions.set('one', 10);
  expect(await answeredBy()).toBe('one');
  positions.delete('one');
  await expect(readModels.moment()).rejects.toThrow(ReadModelsUnavailable);
  expect(closed).toEqual(['one']);
});

test('a build that has not come far enough is closed again, however often it is looked at', async () => {
  const { readModels, state, positions, opened, closed } = await answeringStage();
  positions.set('two', 9);
  state.served = 'two';
  await readModels.look();
  await readModels.look();
  expect(opened).toEqual(['one', 'two', 'two']);
  expect(closed).toEqual(['two', 'two']);
});

test('a query of the build before that finds it gone leaves the one that answers now alone', async () => {
  const { readModels, state, positions, answeredBy } = await answeringStage();
  positions.set('two', 10);
  const gate = Promise.withResolvers<void>();
  state.answering = gate.promise;
  const answer = answeredBy();
  await Promise.resolve();
  state.served = 'two';
  await readModels.look();
  positions.delete('one');
  gate.resolve();
  await expect(answer).rejects.toThrow(ReadModelsUnavailable);
  state.isAway = true;
  expect(await answeredBy()).toBe('two');
});

test('a build that was gone and is back answers once it holds what the log holds by then', async () => {
  const { readModels, state, positions, answeredBy } = await answeringStage();
  positions.set('two', 10);
  state.served = 'two';
  await readModels.look();
  state.end = 20;
  positions.delete('two');
  await expect(answeredBy()).rejects.toThrow(ReadModelsUnavailable);
  positions.set('two', 15);
  await expect(answeredBy()).rejects.toThrow(ReadModelsUnavailable);
  positions.set('two', 20);
  expect(await answeredBy()).toBe('two');
});

test('only the first build is waited for: where one was lost, a query is refused at once', async () => {
  const { state, positions, answeredBy } = stage({ served: 'one', patienceMilliseconds: 60_000 });
  positions.set('one', 10);
  expect(await answeredBy()).toBe('one');
  positions.delete('one');
  state.served = undefined;
  await expect(answeredBy()).rejects.toThrow(ReadModelsUnavailable);
  await expect(answeredBy()).rejects.toThrow(ReadModelsUnavailable);
});

test('a build that is opened while everything is closed is closed as well, before that has ended', async () => {
  const { readModels, state, positions, opened, closed } = stage({ served: 'one' });
  positions.set('one', 10);
  const gate = Promise.withResolvers<void>();
  state.opening = gate.promise;
  const looking = readModels.look();
  await vi.waitUntil(() => opened.length > 0);
  const closing = readModels.close().then(() => expect(closed).toEqual(['one']));
  // Whatever else closing does has been done by then.
  await new Promise(setImmediate);
  gate.resolve();
  await closing;
  await looking;
});

test('once it is closed nobody’s word of another build opens that', async () => {
  const { readModels, state, positions, opened } = await answeringStage();
  await readModels.close();
  positions.set('two', 10);
  state.served = 'two';
  await readModels.look();
  expect(opened).toEqual(['one']);
});
