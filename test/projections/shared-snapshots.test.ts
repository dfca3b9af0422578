import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { GroupSnapshot, SnapshotReader } from '../../src/ports/group-snapshots.ts';
import { ReadModelsUnavailable } from '../../src/ports/read-model-faults.ts';
import { createSharedSnapshots } from '../../src/projections/shared-snapshots.ts';

const capacityBytes = 100_000;

let position: number;
let answer: (groupId: string) => Promise<GroupSnapshot | undefined>;
const groupSnapshot = vi.fn((groupId: string) => answer(groupId));

/** A snapshot of a group with so many members; each one that is read is as of another position. */
function snapshotOf(groupId: string, members = 10): GroupSnapshot {
  position += 1;
  const group = {
    groupId,
    name: groupId,
    createdAt: '',
    memberCount: members,
    lastSeq: 0,
    lastMessageAt: null,
    lastAt: null,
    creationHash: null,
  };
  const member = { groupId, name: 'N', role: 'member' as const, active: true, joinedAt: '', markedUpTo: 0 };
  return {
    group: { ...group, version: 1, readsVersion: -1 },
    members: Array.from({ length: members }, (_, index) => ({ ...member, userId: `u-${index}`, stays: [] })),
    position,
  };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  position = 0;
  answer = async (groupId) => snapshotOf(groupId);
  groupSnapshot.mockClear();
});
afterEach(() => vi.useRealTimers());

function threeReaders() {
  const shared = createSharedSnapshots({ readModels: { groupSnapshot }, capacityBytes, keptMilliseconds: 1_000 });
  const [state, marks, counts] = [shared.reader(), shared.reader(), shared.reader()];
  return { shared, state, marks, counts };
}
const positionOf = async (reader: SnapshotReader, groupId = 'g') => (await reader.groupSnapshot(groupId))?.position;

test('those who ask at the same moment, or a little later, are given the same one, and then it is kept no longer', async () => {
  const { shared, state, marks, counts } = threeReaders();
  expect(await Promise.all([positionOf(state), positionOf(counts)])).toEqual([1, 1]);
  expect(shared.byteLength()).toBeGreaterThan(3_000);
  expect(await positionOf(marks)).toBe(1);
  expect(groupSnapshot).toHaveBeenCalledOnce();
  expect(shared.byteLength()).toBe(0);
});

test('nobody is given the same one twice: who asks again is given a newer one, and so are the others', async () => {
  const { state, marks, counts } = threeReaders();
  const asked = [positionOf(state), positionOf(state), positionOf(counts)];
  expect(await Promise.all(asked)).toEqual([1, 2, 2]);
  expect(await positionOf(state)).toBe(3);
  expect(await positionOf(marks)).toBe(3);
});

test('it is kept for a moment only', async () => {
  const { shared, state, counts } = threeReaders();
  await positionOf(state);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(shared.byteLength()).toBe(0);
  expect(await positionOf(counts)).toBe(2);
});

test('one that has taken the place of an earlier one is kept for its own moment, whatever becomes of the other', async () => {
  const { state, counts } = threeReaders();
  await positionOf(state);
  await vi.advanceTimersByTimeAsync(600);
  expect(await positionOf(state)).toBe(2);
  await vi.advanceTimersByTimeAsync(600);
  expect(await positionOf(counts)).toBe(2);
  const failing = Promise.withResolvers<GroupSnapshot>();
  answer = () => failing.promise;
  const waiting = positionOf(state, 'h');
  answer = async (groupId) => snapshotOf(groupId);
  expect(await positionOf(state, 'h')).toBe(3);
  failing.reject(new ReadModelsUnavailable('by order of the test'));
  await expect(waiting).rejects.toThrow(ReadModelsUnavailable);
  expect(await positionOf(counts, 'h')).toBe(3);
});

test('what is kept is bounded in bytes: the one that nobody has asked for longest goes first', async () => {
  const { shared, state, counts } = threeReaders();
  for (let number = 0; number < 100; number += 1) await positionOf(state, `g-${number}`);
  expect(shared.byteLength()).toBeLessThanOrEqual(capacityBytes);
  expect(await positionOf(counts, 'g-99')).toBe(100);
  expect(await positionOf(counts, 'g-0')).toBe(101);
});

test('that one has been read makes it no newer than one that was asked for later', async () => {
  const { state, counts } = threeReaders();
  const reading = Promise.withResolvers<void>();
  answer = async (groupId) => {
    if (groupId === 'first') await reading.promise;
    return snapshotOf(groupId, 150);
  };
  const first = positionOf(state, 'first');
  await positionOf(state, 'second');
  reading.resolve();
  await first;
  // There is room for two.
  await positionOf(state, 'third');
  groupSnapshot.mockClear();
  await positionOf(counts, 'second');
  expect(groupSnapshot).not.toHaveBeenCalled();
  await positionOf(counts, 'first');
  expect(groupSnapshot).toHaveBeenCalledOnce();
});

test('that a group is not there is told to those who wait for it, and is not kept', async () => {
  const { shared, state, counts } = threeReaders();
  answer = async () => undefined;
  expect(await Promise.all([positionOf(state), positionOf(counts)])).toEqual([undefined, undefined]);
  expect(groupSnapshot).toHaveBeenCalledOnce();
  expect(shared.byteLength()).toBe(0);
});

test('a failure is told to those who wait for it, and the next one to ask has it read again', async () => {
  const { shared, state, counts } = threeReaders();
  answer = async () => {
    throw new ReadModelsUnavailable('by order of the test');
  };
  for (const asked of [positionOf(state), positionOf(counts)])
    await expect(asked).rejects.toThrow(ReadModelsUnavailable);
  expect(shared.byteLength()).toBe(0);
  answer = async (groupId) => snapshotOf(groupId);
  expect(await positionOf(counts)).toBe(1);
});

test('once all is forgotten, also what is being read is for those only who wait for it', async () => {
  const { shared, state, marks, counts } = threeReaders();
  const old = Promise.withResolvers<GroupSnapshot>();
  answer = () => old.promise;
  const waiting = positionOf(state);
  shared.forgetAll();
  answer = async (groupId) => snapshotOf(groupId);
  expect(await positionOf(counts)).toBe(1);
  old.resolve({ ...snapshotOf('g'), position: -5 });
  expect(await waiting).toBe(-5);
  expect(await positionOf(marks)).toBe(1);
  shared.forgetAll();
  expect(shared.byteLength()).toBe(0);
});
