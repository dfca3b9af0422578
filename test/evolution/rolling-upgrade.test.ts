import { expect, onTestFinished, test, vi } from 'vitest';
import { groupStream } from '../../src/events/stream-name.ts';
import type { ReadModelBuilds } from '../../src/ports/read-model-builds.ts';
import { projectServedBuild } from '../../src/processes/project-served-build.ts';
import { rebuildReadModels } from '../../src/processes/rebuild-read-models.ts';
import { createInMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { createInMemoryStore } from '../fakes/in-memory-read-models.ts';
import { beginGroup, renamed } from '../projections/projection-under-test.ts';
import { appendTo } from '../projections/recorded-events.ts';

/** What docs/evolution.md says of releases with another schema, on one store that an old and a new one share. */

async function stage() {
  const log = createInMemoryEventLog();
  for (const groupId of ['g', 'h']) await beginGroup(log, groupId, { messages: 20 });
  const store = createInMemoryStore();

  /** A projector of a release. */
  function start(builds: ReadModelBuilds) {
    const abort = new AbortController();
    const served: string[] = [];
    const ended = projectServedBuild({
      ...{ log, builds, signal: abort.signal, pollMilliseconds: 5 },
      logger: { warn: () => undefined, error: () => undefined },
      onBuild: (id, serving) => void (serving && served.push(id)),
    });
    const stop = async () => {
      abort.abort();
      await ended;
    };
    onTestFinished(stop);
    return { served, stop };
  }

  const isCurrent = (builds: ReadModelBuilds) =>
    vi.waitFor(async () => {
      const id = await builds.served();
      expect(store.rows(id ?? '').checkpoint.position).toBe(await log.endPosition());
      return id ?? '';
    });
  return { log, store, start, isCurrent };
}

test('a rolling upgrade: each release follows the build of its own schema, and the old one goes on until it ends', async () => {
  const { log, store, start, isCurrent } = await stage();
  const [older, newer] = [store.of(1), store.of(2)];
  const old = start(older);
  const first = await isCurrent(older);
  start(newer);
  const second = await isCurrent(newer);
  expect(second).not.toBe(first);
  await appendTo(log, groupStream('g'), renamed);
  await isCurrent(older);
  await isCurrent(newer);
  // The old one has read one build all the time, and none of it was touched.
  expect(old.served).toEqual([first]);
  await old.stop();
  await appendTo(log, groupStream('h'), renamed);
  await isCurrent(newer);
  expect(await older.served()).toBe(first);
});

test('an embedded upgrade: a rebuild by the new release beside the old one, and a start that has little to catch up with', async () => {
  const { log, store, start, isCurrent } = await stage();
  const [older, newer] = [store.of(1), store.of(2)];
  const old = start(older);
  const first = await isCurrent(older);
  const { build, outcome } = await rebuildReadModels({ log, builds: newer, signal: new AbortController().signal });
  expect(outcome).toBe('switched');
  await appendTo(log, groupStream('g'), renamed);
  expect(await isCurrent(older)).toBe(first);
  await old.stop();
  const behind = store.rows(build).checkpoint.position;
  expect(behind).toBeGreaterThan(0);
  start(newer);
  expect(await isCurrent(newer)).toBe(build);
});
