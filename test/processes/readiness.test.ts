import { expect, test } from 'vitest';
import { ReadModelsUnavailable } from '../../src/ports/read-model-faults.ts';
import { readinessOf } from '../../src/processes/readiness.ts';

/** What a process that can do everything is made of, with what is otherwise about it. */
const parts = (otherwise: object) =>
  ({
    log: { appendsRefused: () => undefined },
    feed: { isFollowing: () => true, position: () => 7 },
    freshness: { ready: async () => true },
    halted: { count: () => 2 },
    projector: { state: () => 'projecting' },
    trouble: { refusal: () => undefined },
    ...otherwise,
  }) as unknown as Parameters<typeof readinessOf>[0];

test('a process that can append, deliver and answer is ready, and says how far it is', async () => {
  expect(await readinessOf(parts({}))).toEqual({
    ready: true,
    position: 7,
    haltedGroups: 2,
    projector: 'projecting',
  });
  expect(await readinessOf(parts({ projector: undefined }))).toEqual({ ready: true, position: 7, haltedGroups: 2 });
});

test.each([
  ['appends are refused', { log: { appendsRefused: () => 'the log has stopped: full' } }, 'the log has stopped: full'],
  ['the event store does not let it in', { trouble: { refusal: () => 'denied access' } }, 'denied access'],
  ['nothing is followed', { feed: { isFollowing: () => false, position: () => 7 } }, /log is not followed/],
  ['the projector is refused', { projector: { state: () => 'refused' } }, /ahead of the log/],
  ['the read models are behind the start', { freshness: { ready: async () => false } }, /do not hold yet/],
])('it is not ready while %s', async (_, otherwise, reason) => {
  expect(await readinessOf(parts(otherwise))).toMatchObject({
    ready: false,
    reason: typeof reason === 'string' ? reason : expect.stringMatching(reason),
  });
});

test('it is not ready while the read models cannot be read, and the error says why', async () => {
  const ready = async () => {
    throw new ReadModelsUnavailable('the file is damaged');
  };
  await expect(readinessOf(parts({ freshness: { ready } }))).rejects.toThrow('the file is damaged');
});
