import { describe, expect, test } from 'vitest';
import type { BuildContents } from '../../src/ports/read-model-builds.ts';
import { ReadModelsUnavailable } from '../../src/ports/read-model-faults.ts';
import { History } from '../contract/read-models-history.ts';
import { createInMemoryContents } from '../fakes/in-memory-contents.ts';
import type { BuildRows } from '../fakes/in-memory-rows.ts';
import { build, compare, contentsOf, history } from './compared-builds.ts';

describe('groups that go on meanwhile', () => {
  /** Contents of a build that gets one more of these states whenever its group is looked at. */
  function moving(states: readonly BuildRows[]): BuildContents {
    let index = 0;
    return createInMemoryContents(() => {
      const state = states[Math.min(index, states.length - 1)] ?? expect.fail();
      index += 1;
      return state;
    });
  }

  async function statesOf(count: number): Promise<BuildRows[]> {
    const told = history();
    const states: BuildRows[] = [];
    for (let index = 0; index < count; index += 1) states.push(await build(told.renameGroup('g', `Lunch ${index}`)));
    return states;
  }

  test('are compared once both builds have them at one version', async () => {
    const states = await statesOf(12);
    const last = states.at(-1) ?? expect.fail();
    const comparison = await compare(moving(states), contentsOf(last));
    expect(comparison).toMatchObject({ groups: 2, differences: [], neverStill: [] });
    // A control: what differs there is found.
    const spoiled = structuredClone(last);
    const group = spoiled.groups.get('g') ?? expect.fail();
    group.group = { ...group.group, lastSeq: 9 };
    expect((await compare(moving(states), contentsOf(spoiled))).differences).toMatchObject([{ field: 'lastSeq' }]);
  });

  test('are named where they never stand still, and are no difference', async () => {
    const states = await statesOf(40);
    const end = await build(history());
    const comparison = await compare(moving(states), contentsOf(end), { rounds: 5 });
    expect(comparison).toMatchObject({ groups: 1, differences: [], neverStill: ['g'] });
  });
});

describe('a store in which a group cannot be read as it was', () => {
  const failing = (rows: BuildRows, fails: () => boolean): BuildContents => {
    const contents = contentsOf(rows);
    return {
      ...contents,
      group: async (groupId) => {
        const group = await contents.group(groupId);
        if (group === undefined || groupId !== 'g') return group;
        return {
          ...group,
          async *rows() {
            let count = 0;
            for await (const row of group.rows()) {
              count += 1;
              if (count === 3 && fails()) throw new ReadModelsUnavailable('changed while it was read');
              yield row;
            }
          },
        };
      },
    };
  };

  test('is looked at again, and nothing of it is counted twice', async () => {
    const rows = await build(history());
    let left = 4;
    const comparison = await compare(
      failing(rows, () => left-- > 0),
      contentsOf(rows),
    );
    expect(comparison).toEqual(await compare(contentsOf(rows), contentsOf(rows)));
    expect(comparison).toMatchObject({ groups: 2, differences: [], neverStill: [] });
  });

  test('is named where that never ends', async () => {
    const rows = await build(history());
    const comparison = await compare(
      failing(rows, () => true),
      contentsOf(rows),
      { rounds: 3 },
    );
    expect(comparison).toMatchObject({ groups: 1, differences: [], neverStill: ['g'] });
  });
});

describe('groups that stand still at different versions', () => {
  const many = 100;

  /** A clock that a pause moves on, and contents that count what is read of them. */
  async function stage() {
    const told = new History();
    for (let index = 0; index < many; index += 1) told.create(`g-${index}`, 'Lunch', ['ada']);
    const [before, after] = [await build(told), await build(told)];
    let [now, looks, rowsRead] = [0, 0, 0];
    const clock = {
      now: () => now,
      after(milliseconds: number, callback: () => void) {
        now += milliseconds;
        queueMicrotask(callback);
        return () => {};
      },
    };
    const counted = (contents: BuildContents): BuildContents => ({
      ...contents,
      async group(groupId) {
        looks += 1;
        const group = await contents.group(groupId);
        return (
          group && {
            ...group,
            async *rows() {
              for await (const row of group.rows()) {
                rowsRead += 1;
                yield row;
              }
            },
          }
        );
      },
    });
    const run = () => compare(counted(contentsOf(before)), counted(contentsOf(after)), { clock });
    return { before, after, run, seconds: () => now / 1_000, looks: () => looks, rowsRead: () => rowsRead };
  }

  test('differ after five seconds, few looks and one line each', async () => {
    const { after, run, seconds, looks } = await stage();
    after.groups.clear();
    const comparison = await run();
    expect(comparison).toMatchObject({ differentGroups: many, hasMoreDifferences: true, neverStill: [] });
    expect(comparison.differences).toHaveLength(50);
    expect(seconds()).toBeGreaterThanOrEqual(5);
    expect(seconds()).toBeLessThan(7);
    expect(looks()).toBeLessThan(2 * many * 16);
  });

  test('that hold many rows which the other lacks are read no further than it takes to say so', async () => {
    const { before, run, rowsRead } = await stage();
    for (const { members } of before.groups.values()) {
      const ada = members.get('ada') ?? expect.fail();
      for (let index = 0; index < 3_000; index += 1) members.set(`x-${index}`, { ...ada, userId: `x-${index}` });
    }
    expect(await run()).toMatchObject({ differentGroups: many, hasMoreDifferences: true });
    expect(rowsRead()).toBeLessThan(many * 1_100);
  });
});

test('rows in another order are a difference', async () => {
  const rows = await build(history());
  const contents = contentsOf(rows);
  const reversed: BuildContents = {
    ...contents,
    group: async (groupId) => {
      const group = await contents.group(groupId);
      return (
        group && {
          ...group,
          async *rows() {
            yield* (await Array.fromAsync(group.rows())).reverse();
          },
        }
      );
    },
  };
  const { differences } = await compare(contents, reversed);
  expect(differences.map(({ groupId, field }) => `${groupId}: ${field}`)).toEqual([
    'g: the order of its rows',
    'h: the order of its rows',
  ]);
});

test('a comparison that is no longer wanted ends with the reason', async () => {
  const rows = contentsOf(await build(history()));
  const reason = new Error('no longer wanted');
  await expect(compare(rows, rows, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});
