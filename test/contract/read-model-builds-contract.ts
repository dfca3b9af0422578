import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startOfLog } from '../../src/ports/event-log.ts';
import { BuildGone, BuildInUse, type ReadModelBuilds } from '../../src/ports/read-model-builds.ts';
import { LeaseLost } from '../../src/ports/read-model-faults.ts';
import { contentsContract } from './build-contents-contract.ts';
import { writingContract } from './build-writers-contract.ts';
import { checkpointAt, filled, never } from './builds-samples.ts';

export interface BuildsUnderTest {
  readonly builds: ReadModelBuilds;
  /** The same store as another process has it open. */
  readonly others: ReadModelBuilds;
  /** The build is from here on one that a Highwater of another schema version has made, and serves. */
  serveTo(schemaVersion: number, id: string): Promise<void>;
  teardown(): Promise<void>;
}

/** What the port of builds promises, for every adapter alike. `makeBuilds` gives a store that holds nothing. */
export function readModelBuildsContract(name: string, makeBuilds: () => Promise<BuildsUnderTest>): void {
  describe(`the contract of read models' builds, bound to ${name}`, () => {
    let made: BuildsUnderTest;
    const fixture: BuildsFixture = {
      get builds() {
        return made.builds;
      },
      get others() {
        return made.others;
      },
      serveTo: (...what) => made.serveTo(...what),
    };
    beforeEach(async () => {
      made = await makeBuilds();
    });
    afterEach(() => made.teardown());

    servingContract(fixture);
    listingContract(fixture);
    readingContract(fixture);
    contentsContract(fixture);
    writingContract(fixture);
  });
}

export type BuildsFixture = Pick<BuildsUnderTest, 'builds' | 'others' | 'serveTo'>;

function servingContract(fixture: BuildsFixture): void {
  test('nothing is served at first, and a build that was made is not served by that', async () => {
    const { builds, others } = fixture;
    expect(await builds.served()).toBeUndefined();
    expect(await builds.list()).toEqual([]);
    const id = await builds.create();
    expect(id).toMatch(/^[a-z0-9-]+$/);
    expect(await builds.served()).toBeUndefined();
    expect(await others.served()).toBeUndefined();
  });

  test('a build is served in the place of the one that is, and of no other', async () => {
    const { builds, others } = fixture;
    const [first, second, third] = [await builds.create(), await builds.create(), await builds.create()];
    expect(await builds.serve(first, second)).toBe(false);
    expect(await builds.serve(undefined, first)).toBe(true);
    expect(await others.served()).toBe(first);
    expect(await builds.serve(undefined, second)).toBe(false);
    expect(await others.serve(second, third)).toBe(false);
    expect(await builds.served()).toBe(first);
    expect(await others.serve(first, second)).toBe(true);
    expect(await builds.serve(first, third)).toBe(false);
    expect(await builds.served()).toBe(second);
  });

  test('a build that is not there is not served, and what is served stays', async () => {
    const { builds } = fixture;
    const [first, second] = [await builds.create(), await builds.create()];
    await builds.discard(second);
    expect(await builds.serve(undefined, second)).toBe(false);
    expect(await builds.served()).toBeUndefined();
    expect(await builds.serve(undefined, first)).toBe(true);
    expect(await builds.serve(first, second)).toBe(false);
    expect(await builds.served()).toBe(first);
  });

  test('none is served in the place of the one that is, which can be discarded then', async () => {
    const { builds, others } = fixture;
    const [first, second] = [await builds.create(), await builds.create()];
    expect(await builds.serve(undefined, undefined)).toBe(true);
    await builds.serve(undefined, first);
    expect(await others.serve(second, undefined)).toBe(false);
    expect(await others.serve(undefined, undefined)).toBe(false);
    expect(await others.serve(first, undefined)).toBe(true);
    expect(await builds.served()).toBeUndefined();
    await builds.discard(first);
    expect((await builds.list()).map(({ id, served }) => [id, served])).toEqual([[second, false]]);
  });

  test('of those who would serve another at once, one does', async () => {
    const { builds, others } = fixture;
    const ids = await Promise.all([builds, others, builds, others].map((each) => each.create()));
    expect(new Set(ids).size).toBe(4);
    const served = await Promise.all(ids.map((id, index) => (index % 2 ? others : builds).serve(undefined, id)));
    expect(served.filter(Boolean)).toHaveLength(1);
    expect(await builds.served()).toBe(ids[served.indexOf(true)]);
    expect(await others.served()).toBe(ids[served.indexOf(true)]);
  });

  test('a served build is not discarded; the one before it is', async () => {
    const { builds, others } = fixture;
    const [first, second] = [await filled(builds, 3, 'g'), await filled(builds, 4, 'g')];
    await builds.serve(undefined, first);
    await expect(others.discard(first)).rejects.toThrow(BuildInUse);
    await builds.serve(first, second);
    await others.discard(first);
    await others.discard(first);
    expect((await builds.list()).map(({ id }) => id)).toEqual([second]);
    await expect(builds.discard(second)).rejects.toThrow(BuildInUse);
    expect(await builds.served()).toBe(second);
  });

  test('a build that is thrown away is served to nobody, at once and for ever, and whoever writes to it is told', async () => {
    const { builds, others } = fixture;
    const id = await filled(builds, 3, 'g');
    await builds.serve(undefined, id);
    const writer = await builds.openWriter(id, never);
    await Promise.all([others.throwAway(id), builds.throwAway(id)]);
    expect(await builds.served()).toBeUndefined();
    expect(await others.serve(undefined, id)).toBe(false);
    expect(await others.list()).toEqual([]);
    await expect(writer.commit([], checkpointAt(4))).rejects.toThrow(LeaseLost);
    await writer.close();
    await others.throwAway(id);
    const next = await filled(builds, 4, 'g');
    expect(await others.serve(undefined, next)).toBe(true);
    await builds.throwAway(next);
    expect(await others.served()).toBeUndefined();
  });

  test('what another version is served is discarded where that version is older, and never where it is newer', async () => {
    const { builds, serveTo } = fixture;
    const [older, newer, own] = [
      await filled(builds, 3, 'g'),
      await filled(builds, 4, 'g'),
      await filled(builds, 5, 'g'),
    ];
    await builds.serve(undefined, own);
    await serveTo(builds.schemaVersion - 1, older);
    await serveTo(builds.schemaVersion + 1, newer);
    expect((await builds.list()).map(({ id, served }) => [id, served])).toEqual([
      [older, true],
      [newer, true],
      [own, true],
    ]);
    await expect(builds.discard(newer)).rejects.toThrow(BuildInUse);
    await builds.discard(older);
    expect((await builds.list()).map(({ id, served }) => [id, served])).toEqual([
      [newer, true],
      [own, true],
    ]);
    expect(await builds.served()).toBe(own);
  });
}

function listingContract(fixture: BuildsFixture): void {
  test('builds are listed, the oldest first, with how far they are and which of them is served', async () => {
    const { builds, others } = fixture;
    const [first, second, third] = [await filled(builds, 3, 'g'), await builds.create(), await filled(builds, 9, 'h')];
    await builds.serve(undefined, third);
    const listed = await others.list();
    const { schemaVersion } = builds;
    expect(listed).toEqual([
      { id: first, createdAt: expect.any(String), schemaVersion, checkpoint: checkpointAt(3), served: false },
      {
        ...{ id: second, createdAt: expect.any(String), schemaVersion, served: false },
        checkpoint: { position: startOfLog, event: undefined },
      },
      { id: third, createdAt: expect.any(String), schemaVersion, checkpoint: checkpointAt(9), served: true },
    ]);
    for (const { createdAt } of listed) expect(new Date(createdAt).toISOString()).toBe(createdAt);
  });

  test("a build's checkpoint, and the event that stands there, come back to whoever writes it next", async () => {
    const { builds, others } = fixture;
    const id = await builds.create();
    const first = await builds.openWriter(id, never);
    expect(await first.checkpoint()).toEqual({ position: startOfLog, event: undefined });
    await first.commit([], checkpointAt(7));
    expect(await first.checkpoint()).toEqual(checkpointAt(7));
    await first.close();
    const second = await others.openWriter(id, never);
    expect(await second.checkpoint()).toEqual(checkpointAt(7));
    await second.commit([], checkpointAt(5));
    expect(await second.checkpoint()).toEqual(checkpointAt(7));
    await second.close();
  });
}

function readingContract(fixture: BuildsFixture): void {
  test('readers of a build see that build and no other', async () => {
    const { builds, others } = fixture;
    const [first, second] = [await filled(builds, 3, 'g'), await filled(builds, 4, 'h')];
    const readers = [await builds.openReadModels(first), await others.openReadModels(second)] as const;
    await builds.serve(undefined, first);
    await builds.serve(first, second);
    const seen = await Promise.all(readers.map((readModels) => readModels.groups(['g', 'h'])));
    expect(seen.map((groups) => groups.map(({ groupId }) => groupId))).toEqual([['g'], ['h']]);
    expect(await Promise.all(readers.map((readModels) => readModels.checkpoint()))).toEqual([3, 4]);
    await Promise.all(readers.map((readModels) => readModels.close()));
  });

  test('a build that is gone is opened by nobody', async () => {
    const { builds, others } = fixture;
    const id = await filled(builds, 3, 'g');
    await builds.discard(id);
    await expect(others.openReadModels(id)).rejects.toThrow(BuildGone);
    await expect(others.openWriter(id, never)).rejects.toThrow(BuildGone);
    await expect(others.openReadModels('never-made')).rejects.toThrow(BuildGone);
    await expect(others.openWriter('never-made', never)).rejects.toThrow(BuildGone);
    expect(await builds.list()).toEqual([]);
  });

  test('a discarded build is answered from as it was or not at all, however its readers and its end meet', async () => {
    const { builds, others } = fixture;
    const groupIds = Array.from({ length: 40 }, (_, index) => `g-${String(index).padStart(2, '0')}`);
    const id = await filled(builds, 3, ...groupIds);
    const readModels = await others.openReadModels(id);
    let [isGone, refused, wrong] = [false, 0, 0];
    const readOn = async (): Promise<void> => {
      for (let afterEnd = 0; afterEnd < 5; afterEnd += Number(isGone)) {
        try {
          const inbox = await readModels.inboxPage('ada', undefined, 99);
          const groups = await readModels.groups(groupIds);
          if (inbox.length !== groupIds.length || groups.length !== groupIds.length) wrong += 1;
        } catch (error) {
          expect(error).toBeInstanceOf(BuildGone);
          refused += 1;
        }
      }
    };
    const reading = Promise.all([readOn(), readOn(), readOn()]);
    await builds.discard(id);
    isGone = true;
    await reading;
    expect(wrong).toBe(0);
    // Either is well, but not both by turns: what has said that it is gone does not come back.
    if (refused > 0) await expect(readModels.groups(groupIds)).rejects.toThrow(BuildGone);
    await readModels.close();
  });
}
