import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BuildGone, type BuildId, BuildInUse, type ReadModelBuilds } from '../../../src/ports/read-model-builds.ts';
import { LeaseLost } from '../../../src/ports/read-models.ts';
import { History } from '../../contract/read-models-history.ts';
import { type FreshDatabase, freshDatabase } from './fresh-database.ts';
import { openBuilds, openReadModels, openWriter } from './open-build.ts';
import { pauseAt } from './pause-at.ts';
import { shown } from './shown.ts';
import { startWireProxy, type WireProxy } from './wire-proxy.ts';

const userIds = ['ada', 'bob'];
const leaseMilliseconds = 60_000;

let fresh: FreshDatabase;
let proxy: WireProxy;
/** What goes through the proxy, and stands still where a test says so; and another process. */
let stale: ReadModelBuilds;
let builds: ReadModelBuilds;

async function begin(): Promise<void> {
  fresh = freshDatabase();
  proxy = await startWireProxy(fresh.url);
  stale = openBuilds(proxy.url, { holder: 'stale', leaseMilliseconds });
  builds = openBuilds(fresh.url, { holder: 'other', leaseMilliseconds });
}
async function end(): Promise<void> {
  await Promise.all([stale.close(), builds.close()]);
  await proxy.close();
  await fresh.drop();
}
beforeEach(begin);
afterEach(end);

const story = () =>
  new History().create('g', 'Group', userIds).send('g', 'ada', 'first word').mark('g', 'bob', 1).edit('g', 1, 'word');

/** A new build in which a little has happened. */
async function filled(): Promise<BuildId> {
  const id = await builds.create();
  const writer = await openWriter(fresh.url, id);
  await story().apply(writer);
  await writer.close();
  return id;
}

async function shownIn(id: BuildId): Promise<unknown> {
  const readModels = await openReadModels(fresh.url, id);
  const answer = await shown(readModels, 'g', userIds);
  await readModels.close();
  return answer;
}

const failureOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    () => undefined,
    (error: unknown) => error,
  );

/** What builds have collections, whether they are there or not. */
async function buildsWithCollections(): Promise<readonly string[]> {
  const collections = await fresh.database.listCollections({}, { nameOnly: true }).toArray();
  return [...new Set(collections.flatMap(({ name }) => /^(v\d+-\w+?)_/.exec(name)?.[1] ?? []))];
}

interface Scene<Prepared, Result> {
  prepare(): Promise<Prepared>;
  /** What stands still at one of its commands. */
  act(prepared: Prepared): Promise<Result>;
  meanwhile(prepared: Prepared): Promise<unknown>;
  /** After it has gone on to its end. */
  check(prepared: Prepared, result: Result, meanwhile: unknown): Promise<void>;
}

/** Plays the scene once for each command of what acts, and resolves with how many there are. */
async function playAtEveryCommand<Prepared, Result>(scene: Scene<Prepared, Result>): Promise<number> {
  for (let at = 0; ; at += 1) {
    const prepared = await scene.prepare();
    const pause = pauseAt(proxy, at, ({ name }) => name !== 'endSessions' && name !== 'hello');
    const acting = scene.act(prepared);
    acting.catch(() => {});
    const isPaused = await Promise.race([pause.reached.then(() => true), failureOf(acting).then(() => false)]);
    if (!isPaused) return at;
    const done = await scene.meanwhile(prepared);
    pause.release();
    await scene.check(prepared, await acting, done);
    await end();
    await begin();
  }
}

describe('whoever stands still at any command of theirs', () => {
  test('discards no other build than theirs, however many were made and served since', {
    timeout: 240_000,
  }, async () => {
    const held = await playAtEveryCommand({
      async prepare() {
        const [served, other] = [await filled(), await filled()];
        await builds.serve(undefined, served);
        return { served, other };
      },
      act: ({ other }) => stale.discard(other),
      async meanwhile({ served, other }) {
        await builds.discard(other);
        const next = await filled();
        expect(await builds.serve(served, next)).toBe(true);
        await builds.discard(served);
        return { next, before: await shownIn(next) };
      },
      async check(_, __, made) {
        const { next, before } = made as { next: BuildId; before: unknown };
        expect(await builds.served()).toBe(next);
        expect((await builds.list()).map(({ id }) => id)).toEqual([next]);
        expect(await shownIn(next)).toEqual(before);
        expect(await buildsWithCollections()).toEqual([next]);
      },
    });
    expect(held).toBeGreaterThan(8);
  });

  test.for([true, false])(
    'serves a build that is there or none, in the place of the one that they saw (another is served meanwhile: %s)',
    { timeout: 240_000 },
    async (servesOther) => {
      const held = await playAtEveryCommand({
        async prepare() {
          const [served, one, other] = [await builds.create(), await builds.create(), await builds.create()];
          await builds.serve(undefined, served);
          return { served, one, other };
        },
        act: ({ served, one }) => stale.serve(served, one),
        async meanwhile({ served, one, other }) {
          const failure = await failureOf(builds.discard(one));
          const isOtherServed = servesOther && (await builds.serve(served, other));
          return { isDiscarded: failure === undefined, failure, isOtherServed };
        },
        async check({ served, one, other }, isServed, done) {
          const { isDiscarded, failure, isOtherServed } = done as Record<string, unknown>;
          if (!isDiscarded) expect(failure).toBeInstanceOf(BuildInUse);
          // At most one of both was served, and what was discarded is not.
          expect(isServed && (isOtherServed || isDiscarded)).toBe(false);
          const others = isOtherServed ? other : served;
          expect(await builds.served()).toBe(isServed ? one : others);
          expect((await builds.list()).some(({ id }) => id === one)).toBe(!isDiscarded);
        },
      });
      expect(held).toBeGreaterThan(3);
    },
  );

  test('discards no build that was served meanwhile', { timeout: 240_000 }, async () => {
    await playAtEveryCommand({
      async prepare() {
        const [served, one] = [await builds.create(), await filled()];
        await builds.serve(undefined, served);
        return { served, one, before: await shownIn(one) };
      },
      act: ({ one }) => failureOf(stale.discard(one)),
      meanwhile: ({ served, one }) => builds.serve(served, one),
      async check({ served, one, before }, failure, isServed) {
        expect(await builds.served()).toBe(isServed ? one : served);
        if (isServed) expect(failure).toBeInstanceOf(BuildInUse);
        else expect(failure).toBeUndefined();
        if (isServed) expect(await shownIn(one)).toEqual(before);
        // One that was marked and not discarded is served again as before.
        if (isServed) expect(await builds.serve(one, served)).toBe(true);
        if (isServed) expect(await builds.serve(served, one)).toBe(true);
      },
    });
  });

  test.for(['others are made and discarded', 'it is discarded'] as const)(
    'makes a build that is whole, or knows that it is gone, when %s meanwhile',
    { timeout: 240_000 },
    async (meanwhile) => {
      const held = await playAtEveryCommand({
        prepare: () => filled(),
        act: () => stale.create().then(String, (error: unknown) => error),
        async meanwhile(other) {
          for (const { id } of await builds.list()) {
            if (meanwhile === 'it is discarded' || id === other) await builds.discard(id);
          }
          await builds.discard(await builds.create());
        },
        async check(_, made) {
          if (typeof made === 'string') {
            const writer = await openWriter(fresh.url, made);
            await story().apply(writer);
            await writer.close();
            expect(await shownIn(made)).toMatchObject({ group: { lastSeq: 1 } });
          } else expect(made).toBeInstanceOf(BuildGone);
          const kept = typeof made === 'string' ? [made] : [];
          expect((await builds.list()).map(({ id }) => id)).toEqual(kept);
          // What they left behind who did not know that it was gone goes with the next that is made.
          const next = await builds.create();
          expect((await buildsWithCollections()).toSorted()).toEqual([...kept, next].toSorted());
        },
      });
      expect(held).toBeGreaterThan(20);
    },
  );

  test('writes nothing of another build than theirs, which was discarded since', { timeout: 240_000 }, async () => {
    const held = await playAtEveryCommand({
      async prepare() {
        const old = await filled();
        await builds.serve(undefined, old);
        const writer = await openWriter(proxy.url, old, { leaseMilliseconds });
        return { old, writer };
      },
      act: async ({ writer }) => {
        const history = story();
        history.changes = [];
        history.send('g', 'bob', 'second word', { mentionsAll: true }).mark('g', 'ada', 2).edit('g', 1, 'edited word');
        history.react('g', 1, 'bob', '👍').leave('g', 'bob').delete('g', 2).create('h', 'Other', userIds);
        const failure = await failureOf(history.apply(writer));
        return failure;
      },
      async meanwhile({ old }) {
        const next = await filled();
        expect(await builds.serve(old, next)).toBe(true);
        await builds.discard(old);
        return { next, before: await shownIn(next) };
      },
      async check({ writer }, failure, made) {
        const { next, before } = made as { next: BuildId; before: unknown };
        expect(failure).toBeInstanceOf(LeaseLost);
        await writer.close();
        expect(await builds.served()).toBe(next);
        expect(await shownIn(next)).toEqual(before);
        await builds.discard(await builds.create());
        expect(await buildsWithCollections()).toEqual([next]);
      },
    });
    expect(held).toBeGreaterThan(12);
  });
});
