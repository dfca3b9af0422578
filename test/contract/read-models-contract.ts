import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Position, startOfLog } from '../../src/ports/event-log.ts';
import type { ReadModels, ReadModelWriter } from '../../src/ports/read-models.ts';
import type { ReadCountRange } from '../../src/ports/rows.ts';
import { readCountRanges } from '../../src/projections/read-count-ranges.ts';
import { inAnyOrder } from './in-any-order.ts';
import { commandsContract } from './read-models-commands-contract.ts';
import { haltsContract } from './read-models-halts-contract.ts';
import { History, momentAt } from './read-models-history.ts';
import { messagesContract } from './read-models-messages-contract.ts';
import { peopleContract } from './read-models-people-contract.ts';
import { readersContract } from './read-models-readers-contract.ts';
import { replayContract } from './read-models-replay-contract.ts';

export interface ReadModelsUnderTest {
  readonly writer: ReadModelWriter;
  readonly readModels: ReadModels;
  /** The aggregated counts as those find them who query the store itself, and the position that they are exact at. */
  storedReadCounts(groupId: string): Promise<StoredReadCounts | undefined>;
  teardown(): Promise<void>;
}

export interface StoredReadCounts {
  readonly position: Position;
  readonly ranges: readonly ReadCountRange[];
}

/** What every test is given: read models that hold nothing. */
export type ReadModelsFixture = Omit<ReadModelsUnderTest, 'teardown'>;

/** What the port promises, for every adapter alike. `makeReadModels` gives empty ones. */
export function readModelsContract(name: string, makeStored: () => Promise<ReadModelsUnderTest>): void {
  const makeReadModels = async () => {
    const made = await makeStored();
    return { ...made, readModels: inAnyOrder(made.readModels) };
  };
  describe(`the read models contract, bound to ${name}`, () => {
    let made: ReadModelsUnderTest;
    const fixture: ReadModelsFixture = {
      get writer() {
        return made.writer;
      },
      get readModels() {
        return made.readModels;
      },
      storedReadCounts: (groupId) => made.storedReadCounts(groupId),
    };
    beforeEach(async () => {
      made = await makeReadModels();
    });
    afterEach(() => made.teardown());

    progressContract(fixture);
    commandsContract(fixture);
    countsContract(fixture);
    peopleContract(fixture);
    messagesContract(fixture);
    readersContract(fixture);
    replayContract(makeReadModels);
    haltsContract(makeReadModels);
  });
}

function progressContract(fixture: ReadModelsFixture): void {
  test('empty read models start before the first event and answer with nothing', async () => {
    const { writer, readModels, storedReadCounts } = fixture;
    expect(await writer.checkpoint()).toBe(startOfLog);
    expect(await readModels.checkpoint()).toBe(startOfLog);
    expect(await readModels.groupSnapshot('g')).toBeUndefined();
    expect(await writer.groupSnapshot('g')).toBeUndefined();
    expect(await storedReadCounts('g')).toBeUndefined();
    expect(await readModels.haltedGroups()).toEqual([]);
    const range = { fromSeq: 1, toSeq: 9, limit: 9, last: false };
    const answers = [
      readModels.groups(['g']),
      readModels.membersPage('g', undefined, 9),
      readModels.inboxPage('ada', undefined, 9),
      readModels.timelinePage('g', range),
      readModels.messages('g', ['m']),
      readModels.reactionCounts([{ groupId: 'g', seq: 1 }]),
      readModels.reactions([{ groupId: 'g', seq: 1 }]),
      readModels.mentionsPage('ada', undefined, 9),
      readModels.search('g', 'word', undefined, 9),
      readModels.readersPage({ groupId: 'g', seq: 1 }, undefined, undefined, 9),
    ];
    for (const answer of answers) expect(await answer).toEqual([]);
  });

  test('a checkpoint is read by the writer and by readers, also when a batch changes nothing', async () => {
    await fixture.writer.apply([], 7);
    expect(await fixture.writer.checkpoint()).toBe(7);
    expect(await fixture.readModels.checkpoint()).toBe(7);
  });

  test('an older checkpoint does not take a newer one back', async () => {
    await fixture.writer.apply([], 7);
    await fixture.writer.apply([], 3);
    expect(await fixture.readModels.checkpoint()).toBe(7);
  });

  test("a snapshot holds the group, everybody who was ever in it, and the checkpoint's position", async () => {
    const { writer, readModels } = fixture;
    const history = new History().create('g', 'Group', ['ada', 'bob']);
    const joinedAt = momentAt(history.position);
    history.send('g', 'ada', 'one').leave('g', 'bob');
    const position = await history.mark('g', 'ada', 1).apply(writer);
    const snapshot = await readModels.groupSnapshot('g');
    expect(snapshot).toEqual(await writer.groupSnapshot('g'));
    expect(snapshot).toMatchObject({ position, group: { groupId: 'g', version: 3, readsVersion: 0, lastSeq: 1 } });
    const members = [...(snapshot?.members ?? [])].sort((a, b) => (a.userId < b.userId ? -1 : 1));
    expect(members).toEqual([
      {
        ...{ groupId: 'g', userId: 'ada', name: 'ADA', role: 'member', active: true, markedUpTo: 1 },
        ...{ joinedAt, stays: [{ from: 0, to: null }] },
      },
      {
        ...{ groupId: 'g', userId: 'bob', name: 'BOB', role: 'member', active: false, markedUpTo: 0 },
        ...{ joinedAt, stays: [{ from: 0, to: 1 }] },
      },
    ]);
  });

  test('halted groups are told by position, where they stand now, to the writer and to readers', async () => {
    const { writer, readModels } = fixture;
    await writer.apply([{ type: 'haltGroup', groupId: 'late', position: 9, reason: 'unknown type' }], 9);
    await writer.apply([{ type: 'haltGroup', groupId: 'early', position: 4, reason: 'not JSON' }], 10);
    await writer.apply([{ type: 'haltGroup', groupId: 'early', position: 11, reason: 'again' }], 11);
    await writer.apply([{ type: 'haltGroup', groupId: 'early', position: 4, reason: 'not JSON' }], 11);
    const expected = [
      { groupId: 'late', position: 9, reason: 'unknown type' },
      { groupId: 'early', position: 11, reason: 'again' },
    ];
    expect(await readModels.haltedGroups()).toEqual(expected);
    expect(await writer.haltedGroups()).toEqual(expected);
    await writer.apply([{ type: 'resumeGroup', groupId: 'early', position: 10 }], 12);
    expect(await readModels.haltedGroups()).toEqual(expected);
    await writer.apply([{ type: 'resumeGroup', groupId: 'late', position: 12 }], 12);
    expect(await writer.haltedGroups()).toEqual(expected.slice(1));
  });

  test('how far groups are is told to the writer, halted or not, and nothing of those that are not there', async () => {
    const { writer } = fixture;
    const history = new History().create('g', 'Group', ['ada']).send('g', 'ada', 'one').mark('h', 'ada', 1);
    const position = await history.apply(writer);
    await writer.apply([{ type: 'haltGroup', groupId: 'g', position: position + 1, reason: 'not JSON' }], position + 1);
    const ends = await writer.groupEnds(['g', 'h', 'nobody']);
    expect(ends.toSorted((a, b) => (a.groupId < b.groupId ? -1 : 1))).toEqual([
      { groupId: 'g', version: 2, readsVersion: -1, lastSeq: 1 },
      { groupId: 'h', version: -1, readsVersion: 0, lastSeq: 0 },
    ]);
  });
}

function countsContract(fixture: ReadModelsFixture): void {
  const ranges = (readCount: number) => [
    { fromSeq: 1, toSeq: 10, readCount },
    { fromSeq: 11, toSeq: 200_000_000, readCount: 0 },
  ];

  test('stored counts are those of the latest position, whatever the order of storing', async () => {
    const { writer, storedReadCounts } = fixture;
    await new History().create('g', 'Group', ['ada']).apply(writer);
    await writer.storeReadCounts('g', 20, ranges(2));
    expect(await storedReadCounts('g')).toEqual({ position: 20, ranges: ranges(2) });
    await writer.storeReadCounts('g', 10, ranges(1));
    expect(await storedReadCounts('g')).toEqual({ position: 20, ranges: ranges(2) });
    await writer.storeReadCounts('g', 30, ranges(3).slice(0, 1));
    expect(await storedReadCounts('g')).toEqual({ position: 30, ranges: ranges(3).slice(0, 1) });
  });

  test('groups are to be counted after a message or a mark, until their counts are stored', async () => {
    const { writer } = fixture;
    const history = new History().create('b', 'B', ['ada', 'bob']).create('a', 'A', ['ada', 'bob']);
    await history.create('c', 'C', ['ada']).apply(writer);
    expect(await writer.groupsToCount(undefined, 10)).toEqual([]);
    await history.send('b', 'ada', 'one').send('a', 'ada', 'one').apply(writer);
    expect(await writer.groupsToCount(undefined, 10)).toEqual(['a', 'b']);
    expect(await writer.groupsToCount(undefined, 1)).toEqual(['a']);
    expect(await writer.groupsToCount('a', 10)).toEqual(['b']);
    const snapshot = await writer.groupSnapshot('a');
    await writer.storeReadCounts('a', history.position, readCountRanges(snapshot?.members ?? [], 1));
    expect(await writer.groupsToCount(undefined, 10)).toEqual(['b']);
    await history.join('a', 'cyd').renameGroup('a', 'Anew').apply(writer);
    expect(await writer.groupsToCount(undefined, 10)).toEqual(['b']);
    await history.mark('a', 'bob', 1).apply(writer);
    expect(await writer.groupsToCount(undefined, 10)).toEqual(['a', 'b']);
  });
}
