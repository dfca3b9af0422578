import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startOfLog } from '../../src/ports/event-log.ts';
import type { ReadModels } from '../../src/ports/read-models.ts';
import type { ReadModelWriter, StoredReadCounts } from '../../src/ports/row-store.ts';
import { readCountRanges } from '../../src/projections/read-count-ranges.ts';
import { askedInMoments } from './asked-in-moments.ts';
import { inAnyOrder } from './in-any-order.ts';
import { type ProjectedWriter, projectedWriter } from './projected-writer.ts';
import { commandsContract } from './read-models-commands-contract.ts';
import { haltsContract } from './read-models-halts-contract.ts';
import { History, momentAt } from './read-models-history.ts';
import { listsContract } from './read-models-lists-contract.ts';
import { editedMentionsContract } from './read-models-mentions-contract.ts';
import { messagesContract } from './read-models-messages-contract.ts';
import { peopleContract } from './read-models-people-contract.ts';
import { readersContract } from './read-models-readers-contract.ts';
import { replayContract } from './read-models-replay-contract.ts';
import { searchTextsContract } from './read-models-search-contract.ts';
import { momentsContract } from './read-moments-contract.ts';

export interface ReadModelsUnderTest {
  readonly writer: ReadModelWriter;
  readonly readModels: ReadModels;
  /** What people who query the store find of a group's aggregated counts. */
  storedReadCounts(groupId: string): Promise<StoredReadCounts | undefined>;
  teardown(): Promise<void>;
}

/** What every test is given: read models that hold nothing. */
export interface ReadModelsFixture {
  readonly writer: ProjectedWriter;
  readonly readModels: ReadModels;
  readonly storedReadCounts: ReadModelsUnderTest['storedReadCounts'];
}

/** What the port promises, for every adapter alike. `makeReadModels` gives empty ones. */
export function readModelsContract(name: string, makeStored: () => Promise<ReadModelsUnderTest>): void {
  const makeReadModels = async () => {
    const made = await makeStored();
    return { ...made, readModels: inAnyOrder(made.readModels) };
  };
  describe(`the read models contract, bound to ${name}`, () => {
    let made: ReadModelsUnderTest;
    let writer: ProjectedWriter;
    const fixture: ReadModelsFixture = {
      get writer() {
        return writer;
      },
      get readModels() {
        return made.readModels;
      },
      storedReadCounts: (groupId) => made.storedReadCounts(groupId),
    };
    beforeEach(async () => {
      const stored = await makeStored();
      made = { ...stored, readModels: inAnyOrder(askedInMoments(stored.readModels)) };
      writer = projectedWriter(made.writer);
    });
    afterEach(() => made.teardown());

    progressContract(fixture);
    commandsContract(fixture);
    countsContract(fixture);
    peopleContract(fixture);
    messagesContract(fixture);
    editedMentionsContract(fixture);
    searchTextsContract(fixture);
    readersContract(fixture);
    listsContract(fixture);
    momentsContract(fixture);
    replayContract(makeReadModels);
    haltsContract(makeReadModels);
  });
}

function progressContract(fixture: ReadModelsFixture): void {
  test('empty read models start before the first event and answer with nothing', async () => {
    const { writer, readModels } = fixture;
    expect(await writer.checkpoint()).toEqual({ position: startOfLog, event: undefined });
    expect(await readModels.checkpoint()).toBe(startOfLog);
    expect(await readModels.groupSnapshot('g')).toBeUndefined();
    expect(await writer.groupSnapshots(['g'])).toEqual([]);
    expect(await fixture.storedReadCounts('g')).toBeUndefined();
    expect(await readModels.haltedGroups()).toEqual([]);
    const range = { fromSeq: 1, toSeq: 9, limit: 9, last: false };
    const answers = [
      readModels.groups(['g']),
      readModels.members('g', ['ada']),
      readModels.membersPage('g', { limit: 9 }),
      readModels.inboxPage('ada', undefined, 9),
      readModels.timelinePage('g', range),
      readModels.messages('g', ['m']),
      readModels.reactionCounts([{ groupId: 'g', seq: 1 }]),
      readModels.reactions([{ groupId: 'g', seq: 1 }]),
      readModels.mentionsPage('ada', undefined, 9),
      readModels.messagesBySeq([{ groupId: 'g', seq: 1 }]),
      readModels.membersByName('g', 'a', undefined, 9),
      readModels.unreadGroups('ada'),
      readModels.mentionCounts('ada', [{ groupId: 'g', seq: 0 }], 9),
      readModels.reactionMembers([{ groupId: 'g', seq: 1, emoji: '👍' }], 9),
      readModels.ownReactions('ada', [{ groupId: 'g', seq: 1, emoji: '👍' }]),
      readModels.search(['g'], 'word', undefined, 9),
      readModels.readersPage({ groupId: 'g', seq: 1 }, undefined, undefined, 9),
    ];
    for (const answer of answers) expect(await answer).toEqual([]);
  });

  test('a checkpoint is read by the writer and by readers, also when a batch changes nothing', async () => {
    const checkpoint = { position: 7, event: { streamName: 'group-g', version: 2, eventId: 'e-2' } };
    await fixture.writer.commit([], checkpoint);
    expect(await fixture.writer.checkpoint()).toEqual(checkpoint);
    expect(await fixture.readModels.checkpoint()).toBe(7);
  });

  test('an older checkpoint does not take a newer one back', async () => {
    const checkpoint = { position: 7, event: { streamName: 'group-g', version: 2, eventId: 'e-2' } };
    await fixture.writer.commit([], checkpoint);
    await fixture.writer.commit([], { position: 3, event: { streamName: 'group-g', version: 1, eventId: 'e-1' } });
    expect(await fixture.writer.checkpoint()).toEqual(checkpoint);
    expect(await fixture.readModels.checkpoint()).toBe(7);
  });

  test("a snapshot holds the group, everybody who was ever in it, and the checkpoint's position", async () => {
    const { writer, readModels } = fixture;
    const history = new History().create('g', 'Group', ['ada', 'bob']);
    const joinedAt = momentAt(history.position);
    history.send('g', 'ada', 'one').leave('g', 'bob');
    const position = await history.mark('g', 'ada', 1).apply(writer);
    const snapshot = await readModels.groupSnapshot('g');
    expect(await writer.groupSnapshots(['unknown', 'g'])).toEqual([snapshot]);
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

  test('how far groups are is told to a writer that is opened, halted or not, and nothing of those that are not there', async () => {
    const { writer } = fixture;
    const history = new History().create('g', 'Group', ['ada']).send('g', 'ada', 'one').mark('h', 'ada', 1);
    const position = await history.apply(writer);
    await writer.apply([{ type: 'haltGroup', groupId: 'g', position: position + 1, reason: 'not JSON' }], position + 1);
    const found = await writer.loadGroups(['g', 'h', 'nobody']);
    const ends = found.map(({ groupId, version, readsVersion, lastSeq }) => ({
      groupId,
      version,
      readsVersion,
      lastSeq,
    }));
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
    await writer.storeReadCounts([{ groupId: 'g', position: 20, ranges: ranges(2) }]);
    expect(await storedReadCounts('g')).toEqual({ groupId: 'g', position: 20, ranges: ranges(2) });
    await writer.storeReadCounts([{ groupId: 'g', position: 10, ranges: ranges(1) }]);
    expect(await storedReadCounts('g')).toEqual({ groupId: 'g', position: 20, ranges: ranges(2) });
    await writer.storeReadCounts([{ groupId: 'g', position: 30, ranges: ranges(3).slice(0, 1) }]);
    expect(await storedReadCounts('g')).toEqual({ groupId: 'g', position: 30, ranges: ranges(3).slice(0, 1) });
  });

  test('groups are to be counted after a message or a mark, until their counts are stored', async () => {
    const { writer } = fixture;
    const history = new History().create('b', 'B', ['ada', 'bob']).create('a', 'A', ['ada', 'bob']);
    await history.create('c', 'C', ['ada']).apply(writer);
    const toCount = async (...page: Parameters<typeof writer.groupsToCount>) =>
      (await writer.groupsToCount(...page)).map(({ groupId, memberCount }) => `${groupId} ${memberCount}`);
    expect(await toCount(undefined, 10)).toEqual([]);
    await history.send('b', 'ada', 'one').send('a', 'ada', 'one').apply(writer);
    expect(await toCount(undefined, 10)).toEqual(['a 2', 'b 2']);
    expect(await toCount(undefined, 1)).toEqual(['a 2']);
    expect(await toCount('a', 10)).toEqual(['b 2']);
    const [snapshot] = await writer.groupSnapshots(['a']);
    await writer.storeReadCounts([
      { groupId: 'a', position: history.position, ranges: readCountRanges(snapshot?.members ?? [], 1) },
    ]);
    expect(await toCount(undefined, 10)).toEqual(['b 2']);
    await history.join('a', 'cyd').renameGroup('a', 'Anew').apply(writer);
    expect(await toCount(undefined, 10)).toEqual(['b 2']);
    await history.mark('a', 'bob', 1).apply(writer);
    expect(await toCount(undefined, 10)).toEqual(['a 3', 'b 2']);
  });
}
