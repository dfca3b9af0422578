import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { collectionNamesOf } from '../../../src/adapters/mongodb/documents.ts';
import { groupStream } from '../../../src/events/stream-name.ts';
import type { BuildId, ReadModelBuilds } from '../../../src/ports/read-model-builds.ts';
import { ReadModelsCorrupt, ReadModelsUnavailable } from '../../../src/ports/read-model-faults.ts';
import { condemning } from '../../../src/processes/condemned-builds.ts';
import { projectServedBuild } from '../../../src/processes/project-served-build.ts';
import { createServedReadModels } from '../../../src/processes/served-read-models.ts';
import { sent } from '../../commands/events.ts';
import { createInMemoryEventLog } from '../../fakes/in-memory-event-log.ts';
import { beginGroup } from '../../projections/projection-under-test.ts';
import { appendTo } from '../../projections/recorded-events.ts';
import { type FreshDatabase, freshDatabase } from './fresh-database.ts';
import { openBuilds, openReadModels, openStore } from './open-build.ts';

let fresh: FreshDatabase;
let builds: ReadModelBuilds;
let build: BuildId;

beforeEach(async () => {
  fresh = freshDatabase();
  builds = openBuilds(fresh.url, { leaseMilliseconds: 1_000 });
  build = await builds.create();
});
afterEach(async () => {
  await builds.close();
  await fresh.drop();
});

const parts = collectionNamesOf('').map((name) => name.slice(1));

describe.each(parts)('a build of which somebody has dropped %s', (part) => {
  test('is damaged, to readers and writers, also when a write has made the collection anew', async () => {
    const readModels = await openReadModels(fresh.url, build);
    expect(await readModels.haltedGroups()).toEqual([]);
    const name = `${build}_${part}`;
    await fresh.database.dropCollection(name);
    await expect(readModels.haltedGroups()).rejects.toThrow(ReadModelsCorrupt);
    await expect(openStore(fresh.url, build)).rejects.toThrow(`somebody has dropped ${name}`);
    await fresh.database.collection<{ _id: string }>(name).insertOne({ _id: randomUUID() });
    await expect(readModels.haltedGroups()).rejects.toThrow(ReadModelsCorrupt);
    await expect(openStore(fresh.url, build)).rejects.toThrow(ReadModelsCorrupt);
    await readModels.close();
  });
});

test.each(['groups', 'memberships', 'timeline', 'marks'])(
  'what is served goes on by itself when its %s are dropped: nobody is halted, and nothing is told that is not so',
  async (part) => {
    await builds.discard(build);
    const log = createInMemoryEventLog();
    await beginGroup(log, 'g', { messages: 3 });
    const told: string[] = [];
    const tell = (_: object, text: string): void => void told.push(text);
    const abort = new AbortController();
    const projecting = (async () => {
      while (!abort.signal.aborted) {
        const running = { log, builds, signal: abort.signal, pollMilliseconds: 50, onBuild: () => undefined };
        const onPoison = ({ reason }: { reason: string }) => void told.push(reason);
        await projectServedBuild({ ...running, onPoison, logger: { warn: tell, error: tell } }).catch(() => undefined);
      }
    })();
    const onDamage = condemning(builds, { error: tell } as never);
    const logger = { error: tell } as never;
    const readModels = createServedReadModels({ builds, log, onDamage, logger, pollMilliseconds: 50 });
    const ask = async () => {
      const [snapshot, page] = [
        await readModels.groupSnapshot('g'),
        await readModels.timelinePage('g', { fromSeq: 1, toSeq: 9, limit: 9, last: false }),
      ];
      return [snapshot?.members.length, page.length];
    };
    const refused = (error: unknown): undefined => {
      expect(error).toBeInstanceOf(ReadModelsUnavailable);
    };
    await expect.poll(() => ask().catch(refused), { timeout: 30_000 }).toEqual([2, 3]);
    const [first] = await builds.list();
    await fresh.database.dropCollection(`${first?.id}_${part}`);
    await appendTo(log, groupStream('g'), sent(4, 'ada'));
    const end = await log.endPosition();
    const answers: (readonly unknown[])[] = [];
    const isThere = async () => {
      const answer = await ask().catch(refused);
      if (answer !== undefined) answers.push(answer);
      return answer !== undefined && (await readModels.checkpoint().catch(() => -1)) >= end;
    };
    await expect.poll(isThere, { timeout: 30_000 }).toBe(true);
    // Of the build before, or of the one after, which holds what the log holds.
    for (const answer of answers) expect(answer).toEqual([2, 4]);
    expect(await readModels.haltedGroups()).toEqual([]);
    expect(told.filter((text) => text.includes('group-g'))).toEqual([]);
    expect((await builds.list()).map(({ id }) => id)).not.toContain(first?.id);
    abort.abort();
    await projecting;
    await readModels.close();
  },
);
