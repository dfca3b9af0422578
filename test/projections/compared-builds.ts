import type { BuildContents } from '../../src/ports/read-model-builds.ts';
import { type CompareOptions, compareBuilds } from '../../src/projections/compare-builds.ts';
import { createProjectedRows } from '../../src/projections/projected-rows.ts';
import { History } from '../contract/read-models-history.ts';
import { createInMemoryContents } from '../fakes/in-memory-contents.ts';
import { type BuildRows, createInMemoryWriter, emptyBuild } from '../fakes/in-memory-rows.ts';
import { createClock } from './projection-under-test.ts';

/** Two groups with a row of every kind. */
export function history(): History {
  const command = { actorId: 'ada', commandId: 'c-1', digest: 'd' };
  const told = new History()
    .by(command)
    .create('g', 'Lunch', ['ada', 'bob', 'cyd'])
    .create('h', 'Other', ['ada', 'bob']);
  for (const groupId of ['g', 'h']) {
    told.send(groupId, 'ada', 'hello', { mentions: ['bob'], mentionsAll: true }).mark(groupId, 'bob', 1);
    told.send(groupId, 'bob', 'secret words').react(groupId, 1, 'bob', '👍').edit(groupId, 1, 'hullo');
  }
  return told.leave('g', 'cyd').delete('h', 2);
}

/** Builds it in batches that end at these positions. */
export async function build({ changes, position }: History, ...ends: readonly number[]): Promise<BuildRows> {
  const rows = emptyBuild();
  const nothing = () => undefined;
  const writer = createInMemoryWriter({ rows, requireLease: nothing, betweenGroups: nothing, close: nothing });
  const projected = createProjectedRows(writer);
  let start = -1;
  for (const end of [...ends.toSorted((a, b) => a - b), position]) {
    const batch = changes.filter((change) => change.position > start && change.position <= end);
    await projected.apply(batch, { position: end, event: undefined });
    start = Math.max(start, end);
  }
  return rows;
}

/** Every pause is over at once. */
export const hurried = {
  ...createClock(),
  after(_milliseconds: number, callback: () => void) {
    queueMicrotask(callback);
    return () => {};
  },
};
export const compare = (before: BuildContents, after: BuildContents, more: Partial<CompareOptions> = {}) =>
  compareBuilds({ before, after, signal: new AbortController().signal, clock: hurried, ...more });
export const contentsOf = (rows: BuildRows): BuildContents => createInMemoryContents(() => rows);
