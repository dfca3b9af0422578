import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ReadModels } from '../../../src/ports/read-models.ts';
import { readCountRanges } from '../../../src/projections/read-count-ranges.ts';
import type { ProjectedWriter } from '../../contract/projected-writer.ts';
import { History } from '../../contract/read-models-history.ts';
import { type FreshDatabase, freshDatabase } from './fresh-database.ts';
import { createBuild, openReadModels, openWriter } from './open-build.ts';

const userIds = Array.from({ length: 12 }, (_, index) => `user-${index}`);
const rounds = 40;

let fresh: FreshDatabase;
let writer: ProjectedWriter;
let readModels: ReadModels;

beforeEach(async () => {
  fresh = freshDatabase();
  const build = await createBuild(fresh.url);
  writer = await openWriter(fresh.url, build);
  readModels = await openReadModels(fresh.url, build);
});
afterEach(async () => {
  await Promise.all([writer.close(), readModels.close()]);
  await fresh.drop();
});

/**
 * In every batch everybody marks the newest message, both first messages get one text and one more reaction each, and
 * the last two people change places. Whoever sees them differ has seen half of a batch.
 */
async function writeBatches(history: History, until: () => boolean): Promise<void> {
  for (let round = 1; round <= rounds && !until(); round += 1) {
    history.send('g', 'user-0', `message ${round}`);
    for (const userId of userIds.slice(0, 10)) history.mark('g', userId, history.lastSeq('g'));
    for (const seq of [1, 2]) history.edit('g', seq, `edited ${round}`).react('g', seq, 'user-0', `emoji ${round}`);
    const [goes, comes] = round % 2 === 1 ? ['user-10', 'user-11'] : ['user-11', 'user-10'];
    history.leave('g', goes).join('g', comes).renameGroup('g', `round ${round}`);
    await history.apply(writer);
  }
}

async function expectSnapshotToBeOfOneMoment(): Promise<number> {
  const reached = await readModels.checkpoint();
  const snapshot = await readModels.groupSnapshot('g');
  if (snapshot === undefined) throw new Error('the group is missing');
  const { group, members, position } = snapshot;
  expect(position).toBeGreaterThanOrEqual(reached);
  // All but the two who change places.
  const marks = new Set(members.flatMap(({ userId, markedUpTo }) => (/1\d$/.test(userId) ? [] : [markedUpTo])));
  expect([...marks]).toEqual([group.lastSeq]);
  expect(members.filter(({ active }) => active)).toHaveLength(group.memberCount);
  expect(group.version).toBe(versionAt(group.name));
  // Ten marks before the first round, and ten in each, of which there is one a message.
  expect(group.readsVersion).toBe(10 * (group.lastSeq - 1) - 1);
  // Nine others have read all, and who sat there at the end has read nothing.
  expect(readCountRanges(members, group.lastSeq).at(-1)).toMatchObject({ readCount: 9 });
  return group.lastSeq;
}

/** Four events make the group and two messages of it; eight more a round, of those that are no marks. */
const versionAt = (name: string): number => 3 + 8 * Number(name.replace('round ', ''));

async function expectPagesToBeOfOneMoment(): Promise<void> {
  const timeline = await readModels.timelinePage('g', { fromSeq: 1, toSeq: 2, limit: 2, last: false });
  expect(new Set(timeline.map(({ text }) => text)).size).toBe(1);
  const keys = timeline.map(({ groupId, seq }) => ({ groupId, seq }));
  const counts = await readModels.reactionCounts(keys);
  expect(counts.filter(({ seq }) => seq === 1)).toHaveLength(counts.length / 2);
  const reactions = await readModels.reactions(keys);
  expect(reactions.filter(({ seq }) => seq === 1)).toHaveLength(reactions.length / 2);
  expect(await readModels.membersPage('g', { limit: 99 })).toHaveLength(11);
  const edited = await readModels.search(['g'], 'edited', undefined, 9);
  expect(new Set(edited.map(({ text }) => text)).size).toBe(edited.length === 0 ? 0 : 1);
  expect([0, 2]).toContain(edited.length);
  const [inbox] = await readModels.inboxPage('user-0', undefined, 9);
  expect(inbox?.member.markedUpTo).toBe(inbox?.group.lastSeq);
}

test('readers see no half of a batch while a writer applies one after the other', { timeout: 120_000 }, async () => {
  const history = new History().create('g', 'round 0', userIds.slice(0, 11));
  history.send('g', 'user-0', 'edited 0').send('g', 'user-0', 'edited 0');
  for (const userId of userIds.slice(0, 10)) history.mark('g', userId, 2);
  await history.apply(writer);
  let isDone = false;
  let failed = false;
  const seen = new Set<number>();
  const read = async (look: () => Promise<unknown>): Promise<void> => {
    while (!isDone) await look();
  };
  const reading = [read(async () => seen.add(await expectSnapshotToBeOfOneMoment())), read(expectPagesToBeOfOneMoment)];
  for (const loop of reading) {
    loop.catch(() => {
      failed = true;
    });
  }
  await writeBatches(history, () => failed);
  isDone = true;
  await Promise.all(reading);
  // It did look in between.
  expect(seen.size).toBeGreaterThan(rounds / 8);
});
