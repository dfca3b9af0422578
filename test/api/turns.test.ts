import { setImmediate as roundOfTheLoop } from 'node:timers/promises';
import { buildSchema, type GraphQLResolveInfo } from 'graphql';
import { describe, expect, it } from 'vitest';
import { costing } from '../../src/api/schema/field-cost.ts';
import { takeTurns } from '../../src/api/schema/take-turns.ts';
import { createTurns, type Lane } from '../../src/api/turns.ts';

/** A lane's work: so many pieces at once, each noted when it is done and taking so long on the test's clock. */
function pieces(lane: Lane, name: string, count: number, done: string[], work: () => void = () => {}) {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      await lane.next();
      // What follows within promises belongs to the piece.
      for (let hops = 0; hops < 5; hops += 1) await Promise.resolve();
      work();
      done.push(`${name}${index}`);
    }),
  );
}

describe('turns', () => {
  it('do the pieces of one request in their order, and those of several in turn', async () => {
    const turns = createTurns(1_000, () => 0);
    const done: string[] = [];
    await Promise.all([
      pieces(turns.lane(), 'a', 4, done),
      pieces(turns.lane(), 'b', 2, done),
      pieces(turns.lane(), 'c', 1, done),
    ]);
    expect(done).toEqual(['a0', 'b0', 'c0', 'a1', 'b1', 'a2', 'a3']);
  });

  it('let the event loop go round whenever a slice is used up', async () => {
    let clock = 0;
    const turns = createTurns(10, () => clock);
    const done: string[] = [];
    const seen: number[] = [];
    let watching = true;
    const watch = async () => {
      while (watching) {
        await roundOfTheLoop();
        seen.push(done.length);
      }
    };
    const watched = watch();
    await pieces(turns.lane(), 'a', 40, done, () => {
      clock += 4;
    });
    watching = false;
    await watched;
    // Three pieces of 4 ms use up a slice of 10 ms.
    for (const [index, count] of seen.entries()) expect(count - (seen[index - 1] ?? 0)).toBeLessThanOrEqual(3);
    expect(Math.max(...seen)).toBe(40);
  });

  it('go on for those who ask later, and within a piece', async () => {
    const turns = createTurns(10, () => 0);
    const lane = turns.lane();
    const done: string[] = [];
    await lane.next();
    await pieces(lane, 'a', 2, done);
    await roundOfTheLoop();
    await lane.next();
    await lane.next();
    await pieces(turns.lane(), 'b', 1, done);
    expect(done).toEqual(['a0', 'a1', 'b0']);
  });

  it('that fail in one piece do the others', async () => {
    const turns = createTurns(10, () => 0);
    const done: string[] = [];
    const failing = turns
      .lane()
      .next()
      .then(() => {
        throw new Error('this piece fails');
      });
    const others = pieces(turns.lane(), 'b', 3, done);
    await expect(failing).rejects.toThrow('this piece fails');
    await others;
    expect(done).toHaveLength(3);
  });
});

it('are waited for by every page before it is read, and by every list of several after it', async () => {
  const schema = buildSchema('type Query { page: [Int] list: [Int] none: [Int] one: Int }');
  const fields = schema.getQueryType()?.getFields() ?? {};
  const costs = { page: { page: { sizes: [], byDefault: 1 } }, list: { items: 5 }, none: { items: 5 }, one: {} };
  const done: string[] = [];
  for (const [name, cost] of Object.entries(costs)) {
    const field = fields[name];
    if (field === undefined) throw new Error('there is no such field');
    field.extensions = costing(cost);
    field.resolve = () => {
      done.push(name);
      return name === 'none' ? [1] : [1, 2];
    };
  }
  takeTurns(schema);
  const turns = { next: async () => void done.push('turn') };
  for (const name of Object.keys(costs)) await fields[name]?.resolve?.({}, {}, { turns }, {} as GraphQLResolveInfo);
  expect(done).toEqual(['turn', 'page', 'list', 'turn', 'none', 'one']);
});
