import { describe, expect, test } from 'vitest';
import type { StoredGroup } from '../../../src/ports/row-store.ts';
import { countedAt, foldGroup, type GroupChange, unknownGroup } from '../../../src/projections/rows/group.ts';

const [at, later] = ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:01.000Z'];
const groupId = 'g';
const put: GroupChange = {
  type: 'putGroup',
  groupId,
  name: 'Lunch',
  createdAt: at,
  creationHash: 'as Lunch',
  position: 3,
};
const lunch = foldGroup(unknownGroup(groupId), put);
const fold = (group: StoredGroup, ...changes: readonly GroupChange[]) => changes.reduce(foldGroup, group);
const rename = (name: string, position: number): GroupChange => ({ type: 'renameGroup', groupId, name, position });
const count = (memberCount: number, position: number): GroupChange => ({
  ...{ type: 'setMemberCount', groupId, memberCount, position },
});

describe('given a group of which nothing is known', () => {
  test('when it is created, then it is there with its name and its moment, and stands in the inboxes', () => {
    const expected = {
      ...unknownGroup(groupId),
      name: 'Lunch',
      createdAt: at,
      creationHash: 'as Lunch',
      activityPosition: 3,
      position: 3,
    };
    expect(lunch).toEqual(expected);
  });

  test('when something of it comes before its creation, then it is no group yet', () => {
    expect(fold(unknownGroup(groupId), rename('Early', 2)).createdAt).toBeNull();
    const read = fold(unknownGroup(groupId), { type: 'advanceGroup', groupId, readsVersion: 0, position: 4 });
    expect(read).toEqual({ ...unknownGroup(groupId), readsVersion: 0 });
  });
});

describe('given a group of which a message came first', () => {
  test('when it is created, at an earlier position, then it stands in the inboxes where the message has put it', () => {
    const sent: GroupChange = { type: 'advanceGroup', groupId, lastSeq: 1, lastMessageAt: later, position: 9 };
    expect(fold(unknownGroup(groupId), sent, put)).toEqual(fold(lunch, sent));
    expect(fold(unknownGroup(groupId), sent, put).activityPosition).toBe(9);
  });
});

describe('given a group', () => {
  test('when its creation comes again, also after a new name, then nothing changes', () => {
    expect(fold(lunch, put)).toBe(lunch);
    const renamed = fold(lunch, rename('Dinner', 5));
    expect(fold(renamed, put)).toBe(renamed);
  });

  test('when its name or size changes, then the newest position stays, whatever the order', () => {
    expect(fold(lunch, rename('Dinner', 5))).toEqual({ ...lunch, name: 'Dinner', position: 5 });
    expect(fold(lunch, count(7, 5))).toEqual({ ...lunch, memberCount: 7, position: 5 });
    const newest = fold(lunch, rename('Dinner', 5), count(7, 6));
    expect(fold(newest, rename('Older', 4), rename('Dinner', 5), rename('At once', 6), count(1, 6))).toBe(newest);
  });

  test('when a name changes, then the group moves up in no inbox', () => {
    expect(fold(lunch, rename('Dinner', 5), count(2, 6)).activityPosition).toBe(3);
  });

  test('when its streams go on, then each end goes by maximum, apart from the other', () => {
    const advance = (version: number | undefined, readsVersion: number | undefined): GroupChange => ({
      ...{ type: 'advanceGroup', groupId, position: 9 },
      ...(version !== undefined && { version }),
      ...(readsVersion !== undefined && { readsVersion }),
    });
    const ends = fold(lunch, advance(4, undefined), advance(undefined, 7));
    expect(ends).toEqual({ ...lunch, version: 4, readsVersion: 7 });
    expect(fold(ends, advance(3, 6), advance(undefined, undefined))).toEqual(ends);
  });

  test('when a message is sent, then the group moves up in the inboxes; by nothing else', () => {
    const sent = fold(lunch, {
      type: 'advanceGroup',
      groupId,
      version: 2,
      lastSeq: 1,
      lastMessageAt: at,
      position: 8,
    });
    expect(sent).toEqual({ ...lunch, version: 2, lastSeq: 1, lastMessageAt: at, activityPosition: 8 });
    const edited = fold(sent, { type: 'advanceGroup', groupId, version: 3, position: 10 });
    expect(edited).toEqual({ ...sent, version: 3 });
    const again = fold(edited, {
      type: 'advanceGroup',
      groupId,
      version: 2,
      lastSeq: 1,
      lastMessageAt: at,
      position: 8,
    });
    expect(again).toEqual(edited);
  });

  test('when the clock of a later sender is behind, then the later moment stays', () => {
    const two = fold(
      lunch,
      { type: 'advanceGroup', groupId, lastSeq: 1, lastMessageAt: later, position: 8 },
      { type: 'advanceGroup', groupId, lastSeq: 2, lastMessageAt: at, position: 9 },
    );
    expect(two).toMatchObject({ lastSeq: 2, lastMessageAt: later, activityPosition: 9 });
  });

  test('when a mark counts, then counts that are older are old; a mark of before says nothing new', () => {
    const counted = countedAt(lunch, 9);
    expect(counted).toEqual({ ...lunch, countsPosition: 9 });
    expect(countedAt(counted, 9)).toBe(counted);
    expect(countedAt(counted, 8)).toBe(counted);
  });
});

describe('given a halt', () => {
  const halt = (position: number, reason: string): GroupChange => ({ type: 'haltGroup', groupId, position, reason });
  const resume = (position: number): GroupChange => ({ type: 'resumeGroup', groupId, position });
  const halted = fold(lunch, halt(9, 'not JSON'));

  test('then the group says where and why, and is otherwise as it was', () => {
    expect(halted).toEqual({ ...lunch, haltedAt: 9, haltReason: 'not JSON' });
  });

  test('when it is met again, then the first reason stays; when another is met later, then that stands there', () => {
    expect(fold(halted, halt(9, 'again'))).toBe(halted);
    expect(fold(halted, halt(8, 'earlier'))).toBe(halted);
    expect(fold(halted, halt(12, 'later'))).toEqual({ ...lunch, haltedAt: 12, haltReason: 'later' });
  });

  test('when everything up to it is read, then it is gone; a halt beyond stays', () => {
    expect(fold(halted, resume(9))).toEqual(lunch);
    expect(fold(halted, resume(20))).toEqual(lunch);
    expect(fold(halted, resume(8))).toBe(halted);
    expect(fold(lunch, resume(9))).toBe(lunch);
  });
});

describe('the latest moment of a group', () => {
  test('is that of any of its events, of both streams, and goes only forwards', () => {
    const advance = (moment: string | undefined, position: number): GroupChange => ({
      ...{ type: 'advanceGroup', groupId, position },
      ...(moment === undefined ? {} : { at: moment }),
    });
    expect(fold(lunch, advance(at, 4)).lastAt).toBe(at);
    expect(fold(lunch, advance(later, 4), advance(at, 5), advance(undefined, 6)).lastAt).toBe(later);
  });
});
