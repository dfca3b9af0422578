import { expect, onTestFinished, test, vi } from 'vitest';
import { groupStream } from '../../src/events/stream-name.ts';
import type { BuildId } from '../../src/ports/read-model-builds.ts';
import { ReadModelsCorrupt, ReadModelsUnavailable } from '../../src/ports/read-model-faults.ts';
import { type ProjectingBuilds, projectServedBuild } from '../../src/processes/project-served-build.ts';
import { CheckpointNotInLog } from '../../src/projections/checkpoint-in-log.ts';
import { createInMemoryEventLog, type InMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { createInMemoryStore } from '../fakes/in-memory-read-models.ts';
import { created, renamed } from '../projections/projection-under-test.ts';
import { appendTo } from '../projections/recorded-events.ts';

async function stage() {
  const log = createInMemoryEventLog();
  await appendTo(log, groupStream('g'), created('g'));
  const store = createInMemoryStore();
  const builds = store.of(3);
  const told: string[] = [];
  const begun: [BuildId, boolean][] = [];
  const served = () => builds.served();
  const positionOf = async (id: BuildId) => (await builds.list()).find((build) => build.id === id)?.checkpoint.position;
  return { log, store, builds, told, begun, served, positionOf };
}

function run(
  { log, builds, told, begun }: { log: InMemoryEventLog } & Omit<Awaited<ReturnType<typeof stage>>, 'log'>,
  options: Partial<ProjectingBuilds> = {},
) {
  const abort = new AbortController();
  const tell = (_: object, text: string): void => void told.push(text);
  const ended = projectServedBuild({
    ...{ log, builds, signal: abort.signal, pollMilliseconds: 5 },
    logger: { warn: tell, error: tell },
    onBuild: (id, serving) => void begun.push([id, serving]),
    ...options,
  });
  ended.catch(() => {});
  onTestFinished(async () => {
    abort.abort();
    await ended.catch(() => {});
  });
  return { ended, abort };
}

test('the first build is filled beside, and served once it holds what the log holds', async () => {
  const world = await stage();
  const atServing: (number | undefined)[] = [];
  const { builds } = world;
  const serve = vi.fn(async (...asked: Parameters<typeof builds.serve>) => {
    atServing.push(await world.positionOf(String(asked[1])));
    return builds.serve(...asked);
  });
  run({ ...world, builds: { ...builds, serve } });
  await expect.poll(world.served).toBe('build-1');
  expect(atServing).toEqual([await world.log.endPosition()]);
  await expect
    .poll(() => world.begun)
    .toEqual([
      ['build-1', false],
      ['build-1', true],
    ]);
});

test('a log without an event has a served build as well', async () => {
  const world = { ...(await stage()), log: createInMemoryEventLog() };
  run(world);
  await expect.poll(world.served).toBe('build-1');
});

test('a first build that another attempt has begun is gone on with; one of another version is not', async () => {
  const world = await stage();
  await world.store.of(2).create();
  const begun = await world.builds.create();
  await world.store.of(4).create();
  run(world);
  await expect.poll(world.served).toBe(begun);
  expect(await world.store.of(2).served()).toBeUndefined();
});

test('of several that others have begun the newest is gone on with', async () => {
  const world = await stage();
  await world.builds.create();
  const newest = await world.builds.create();
  run(world);
  await expect.poll(world.served).toBe(newest);
});

test('whoever is ended while they fill a build serve nothing of it, and look no more which one is served', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const world = await stage();
  const gate = Promise.withResolvers<void>();
  world.store.betweenGroups = () => gate.promise;
  const { abort, ended } = run(world);
  await expect.poll(() => world.begun).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(1);
  abort.abort();
  gate.resolve();
  await ended;
  expect(await world.served()).toBeUndefined();
  expect(vi.getTimerCount()).toBe(0);
});

test('a build that turns out to be corrupt as everything ends is thrown away all the same', async () => {
  const world = await stage();
  const gate = Promise.withResolvers<void>();
  world.store.betweenGroups = async () => {
    await gate.promise;
    throw new ReadModelsCorrupt('a page is damaged');
  };
  const { abort, ended } = run(world);
  await expect.poll(() => world.begun).toHaveLength(1);
  abort.abort();
  gate.resolve();
  await ended;
  expect(await world.builds.list()).toEqual([]);
});

test('a build that is served in the place of the other is projected from then on', async () => {
  const world = await stage();
  run(world);
  await expect.poll(world.served).toBe('build-1');
  const next = await world.builds.create();
  await world.builds.serve('build-1', next);
  await appendTo(world.log, groupStream('g'), renamed);
  await expect.poll(() => world.positionOf(next)).toBe(await world.log.endPosition());
  expect(world.begun.at(-1)).toEqual([next, true]);
});

test('a build that is gone is built anew, whoever has thrown it away and whenever', async () => {
  const world = await stage();
  run(world);
  await expect.poll(world.served).toBe('build-1');
  world.store.drop('build-1');
  await expect.poll(world.served).toBe('build-2');
  await world.builds.throwAway('build-2');
  await expect.poll(world.served).toBe('build-3');
  expect(await world.positionOf('build-3')).toBe(await world.log.endPosition());
});

test('a build that is gone is built anew at the next event, before anybody looks which one is served', async () => {
  const world = await stage();
  run(world, { pollMilliseconds: 60_000 });
  await expect.poll(() => world.begun.at(-1)).toEqual(['build-1', true]);
  world.store.drop('build-1');
  await appendTo(world.log, groupStream('g'), renamed);
  await expect.poll(world.served).toBe('build-2');
  expect(world.told).toEqual(['the read models were thrown away; they are built anew']);
});

test('a build that turns out to be corrupt is thrown away, and another one filled', async () => {
  const world = await stage();
  let failures = 1;
  world.store.betweenGroups = () => {
    if (failures-- > 0) throw new ReadModelsCorrupt('a page is damaged');
  };
  run(world);
  await expect.poll(world.served).toBe('build-2');
  expect((await world.builds.list()).map(({ id }) => id)).toEqual(['build-2']);
  expect(world.told).toEqual(['the read models are corrupt; they are built anew']);
});

test('a served build of another log ends it; one that was being filled is thrown away', async () => {
  const world = await stage();
  const other = createInMemoryEventLog();
  await appendTo(other, groupStream('h'), created('h'), renamed, renamed);
  const first = run({ ...world, log: other });
  await expect.poll(world.served).toBe('build-1');
  first.abort.abort();
  await first.ended;
  await expect(run(world).ended).rejects.toThrow(CheckpointNotInLog);
  await world.builds.serve('build-1', undefined);
  run(world);
  await expect.poll(world.served).toBe('build-2');
  expect((await world.builds.list()).map(({ id }) => id)).toEqual(['build-2']);
});

test('where another is served while this one fills a build, its own is filled no further', async () => {
  const world = await stage();
  const gate = Promise.withResolvers<void>();
  world.store.betweenGroups = () => gate.promise;
  run(world);
  await expect.poll(() => world.begun).toHaveLength(1);
  const other = await world.builds.create();
  await world.builds.serve(undefined, other);
  gate.resolve();
  await expect.poll(() => world.begun.at(-1)).toEqual([other, true]);
  expect(await world.served()).toBe(other);
});

test('a begun build that cannot be served, as somebody was about to discard it, is discarded and another one filled', async () => {
  const world = await stage();
  const doomed = await world.builds.create();
  const serve = async (current: BuildId | undefined, next: BuildId | undefined) =>
    next !== doomed && (await world.builds.serve(current, next));
  run({ ...world, builds: { ...world.builds, serve } });
  await expect.poll(world.served).toBe('build-2');
  expect((await world.builds.list()).map(({ id }) => id)).toEqual(['build-2']);
});

test('a store that is away ends it, to be begun again', async () => {
  const world = await stage();
  const served = () => Promise.reject(new ReadModelsUnavailable('away'));
  await expect(run({ ...world, builds: { ...world.builds, served } }).ended).rejects.toThrow(ReadModelsUnavailable);
});
