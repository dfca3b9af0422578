import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { openSqliteReadModelBuilds } from '../../../src/adapters/sqlite/read-model-builds.ts';
import { BuildInUse } from '../../../src/ports/read-model-builds.ts';
import { groupsOfOne, never } from '../../contract/builds-samples.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** How many more steps that change the disk are taken before the process is as if killed. */
const steps = vi.hoisted(() => ({ left: Number.POSITIVE_INFINITY }));

vi.mock('node:fs', async (importOriginal) => {
  const original = await importOriginal<typeof import('node:fs')>();
  const stepping =
    <Values extends readonly unknown[], Result>(run: (...values: Values) => Result) =>
    (...values: Values): Result => {
      if (steps.left === 0) throw new Error('killed here');
      steps.left -= 1;
      return run(...values);
    };
  const { fsyncSync, mkdirSync, renameSync, rmSync, writeFileSync } = original;
  return {
    ...original,
    fsyncSync: stepping(fsyncSync),
    mkdirSync: stepping(mkdirSync),
    renameSync: stepping(renameSync),
    rmSync: stepping(rmSync),
    writeFileSync: stepping(writeFileSync),
  };
});

type Builds = ReturnType<typeof openSqliteReadModelBuilds>;

/** Runs what is killed after so many steps. True where it came to its end before. */
async function killedAfter(count: number, run: () => Promise<unknown>): Promise<boolean> {
  steps.left = count;
  try {
    await run();
    return true;
  } catch (error) {
    expect(String(error)).toContain('killed here');
    return false;
  } finally {
    steps.left = Number.POSITIVE_INFINITY;
  }
}

/** Runs it killed after its first step, after two, and so on until it comes to its end; each time on a store of its own. */
async function atEveryStep(
  run: (builds: Builds, ids: readonly string[]) => Promise<unknown>,
  look: (builds: Builds, ids: readonly string[], directory: string) => Promise<void>,
): Promise<number> {
  for (let count = 0; ; count += 1) {
    const directory = join(temporaryDirectory(), 'read-models');
    const builds = openSqliteReadModelBuilds({ directory });
    const ids = [await builds.create(), await builds.create()];
    await builds.serve(undefined, ids[0]);
    const ended = await killedAfter(count, () => run(builds, ids));
    const after = openSqliteReadModelBuilds({ directory });
    await look(after, ids, directory);
    await expectAllToWork(after, directory);
    if (ended) return count;
  }
}

/** Whatever was left, the next calls cope with it: all that is listed can be used, and nothing else is left for good. */
async function expectAllToWork(builds: Builds, directory: string): Promise<void> {
  const made = await builds.create();
  const listed = await builds.list();
  expect(listed.map(({ id }) => id)).toContain(made);
  for (const { id } of listed) {
    const writer = await builds.openWriter(id, never);
    await writer.commit(groupsOfOne(['g'], 5), { position: 5, event: undefined });
    await writer.close();
    const readModels = await builds.openReadModels(id);
    expect(await readModels.groups(['g'])).toHaveLength(1);
    await readModels.close();
  }
  expect(await builds.serve(await builds.served(), made)).toBe(true);
  for (const { id } of listed) if (id !== made) await builds.discard(id);
  await builds.create();
  const stray = readdirSync(directory).filter(
    (name) => /^\d/.test(name) && !existsSync(join(directory, `${name.slice(0, 27)}.db`)),
  );
  expect(stray).toEqual([]);
}

test('a build that was not wholly made is not there, or is whole', async () => {
  const count = await atEveryStep(
    (builds) => builds.create(),
    async (builds, ids) => {
      const listed = await builds.list();
      expect(listed.map(({ id }) => id).slice(0, 2)).toEqual(ids);
      for (const { schemaVersion } of listed) expect(schemaVersion).toBe(builds.schemaVersion);
      expect(await builds.served()).toBe(ids[0]);
    },
  );
  expect(count).toBeGreaterThan(3);
});

test('a build is served or the one before it is, wherever it was cut short', async () => {
  const seen = new Set<boolean>();
  const count = await atEveryStep(
    (builds, [first, second]) => builds.serve(first, second),
    async (builds, ids) => {
      const served = await builds.served();
      expect(ids).toContain(served);
      seen.add(served === ids[1]);
      await expect(builds.discard(served ?? '')).rejects.toThrow(BuildInUse);
    },
  );
  expect(count).toBeGreaterThan(3);
  expect(seen.size).toBe(2);
});

test('a build is whole or gone, wherever its end was cut short', async () => {
  const seen = new Set<number>();
  const count = await atEveryStep(
    (builds, [, second = '']) => builds.discard(second),
    async (builds, ids) => {
      seen.add((await builds.list()).length);
      expect(await builds.served()).toBe(ids[0]);
      await builds.discard(ids[1] ?? '');
      expect((await builds.list()).map(({ id }) => id)).toEqual(ids.slice(0, 1));
    },
  );
  expect(count).toBeGreaterThan(3);
  expect([...seen].sort()).toEqual([1, 2]);
});

test('a list of served builds that says nothing serves none, and each version has its own', async () => {
  const directory = join(temporaryDirectory(), 'read-models');
  const builds = openSqliteReadModelBuilds({ directory });
  const id = await builds.create();
  const list = join(directory, 'served.json');
  for (const text of ['', '[', 'null', '7', '{"3": 7}', '{"3": "../log"}', '{"3": "20990101-000000000-00000000"}']) {
    writeFileSync(list, text);
    expect(await builds.served()).toBeUndefined();
  }
  writeFileSync(list, JSON.stringify({ 99: id }));
  expect(await builds.served()).toBeUndefined();
  await expect(builds.discard(id)).rejects.toThrow(BuildInUse);
  const other = await builds.create();
  expect(await builds.serve(undefined, other)).toBe(true);
  await expect(builds.discard(id)).rejects.toThrow(BuildInUse);
  expect((await builds.list()).map(({ served }) => served)).toEqual([true, true]);
});

test('a damaged build is listed as one that holds nothing, is served no more, and can be discarded', async () => {
  const directory = join(temporaryDirectory(), 'read-models');
  const builds = openSqliteReadModelBuilds({ directory });
  const [first, second] = [await builds.create(), await builds.create()];
  writeFileSync(join(directory, `${second}.db`), 'garbage '.repeat(10_000));
  expect(await builds.serve(undefined, second)).toBe(false);
  expect((await builds.list()).map(({ id, schemaVersion }) => [id, schemaVersion])).toEqual([
    [first, builds.schemaVersion],
    [second, 0],
  ]);
  await builds.discard(second);
  expect((await builds.list()).map(({ id }) => id)).toEqual([first]);
});

test('a served build that somebody has removed by hand is served no more, and another can be', async () => {
  const directory = join(temporaryDirectory(), 'read-models');
  const builds = openSqliteReadModelBuilds({ directory });
  const id = await builds.create();
  await builds.serve(undefined, id);
  rmSync(directory, { recursive: true });
  expect(await builds.served()).toBeUndefined();
  expect(await builds.list()).toEqual([]);
  const other = await builds.create();
  expect(await builds.serve(id, other)).toBe(false);
  expect(await builds.serve(undefined, other)).toBe(true);
  await builds.discard(id);
});
