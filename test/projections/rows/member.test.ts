import { describe, expect, test } from 'vitest';
import { markCounts } from '../../../src/events/reads.ts';
import type { StoredMember } from '../../../src/ports/row-store.ts';
import { foldMember, type MemberChange } from '../../../src/projections/rows/member.ts';

const at = '2026-01-01T00:00:00.000Z';
const returnedAt = '2026-01-02T00:00:00.000Z';
const key = { groupId: 'g', userId: 'ada' };
const join = (position: number, more: Partial<Extract<MemberChange, { type: 'putMember' }>> = {}): MemberChange => ({
  ...{ type: 'putMember', ...key, name: 'Ada', role: 'member', afterSeq: 0, at, position },
  ...more,
});
const leave = (position: number, afterSeq: number): MemberChange => ({
  ...{ type: 'endMembership', ...key, afterSeq, position },
});
const markTo = (position: number, upTo: number): MemberChange => ({ type: 'advanceMark', ...key, upTo, at, position });
const fold = (member: StoredMember | undefined, ...changes: readonly MemberChange[]) =>
  changes.reduce(foldMember, member) ?? expect.fail('nobody is there');
const ada = fold(undefined, join(3));

describe('given nobody', () => {
  test('when somebody joins, then they have one open stay and have read nothing', () => {
    const person = { ...key, name: 'Ada', role: 'member', active: true, joinedAt: at };
    expect(ada).toEqual({ ...person, stays: [{ from: 0, to: null }], markedUpTo: 0, position: 3 });
  });

  test('when anything but a joining is said of them, then nobody is there', () => {
    const changes: MemberChange[] = [
      leave(3, 0),
      markTo(3, 1),
      { type: 'setRole', ...key, role: 'owner', position: 3 },
      { type: 'setMemberName', ...key, name: 'X', position: 3 },
    ];
    for (const change of changes) expect(foldMember(undefined, change)).toBeUndefined();
  });
});

describe('given a member', () => {
  test('when role or name change, then they do, by position', () => {
    const owner = fold(ada, { type: 'setRole', ...key, role: 'owner', position: 5 });
    expect(owner).toEqual({ ...ada, role: 'owner', position: 5 });
    const countess = fold(owner, { type: 'setMemberName', ...key, name: 'Countess', position: 6 });
    expect(countess).toEqual({ ...ada, role: 'owner', name: 'Countess', position: 6 });
    expect(fold(countess, { type: 'setRole', ...key, role: 'member', position: 6 })).toBe(countess);
    expect(fold(countess, { type: 'setMemberName', ...key, name: 'Older', position: 4 })).toBe(countess);
  });

  test('when they are said to join once more, then they are there already', () => {
    expect(fold(ada, join(9, { name: 'Other', role: 'owner', afterSeq: 4 }))).toBe(ada);
  });

  test('when they leave, then their stay ends there, once', () => {
    const gone = fold(ada, leave(5, 4));
    expect(gone).toEqual({ ...ada, active: false, stays: [{ from: 0, to: 4 }], position: 5 });
    expect(fold(gone, leave(5, 9), leave(7, 9))).toBe(gone);
  });

  test('when they mark, then the mark moves forwards and never back', () => {
    const marked = fold(ada, markTo(5, 4));
    expect(marked).toEqual({ ...ada, markedUpTo: 4, position: 5 });
    expect(fold(marked, markTo(6, 4))).toBe(marked);
    expect(fold(marked, markTo(6, 3))).toBe(marked);
    expect(fold(marked, markTo(6, 5))).toMatchObject({ markedUpTo: 5, position: 6 });
  });

  test('whether a mark counts is a matter of who is there and how far they were', () => {
    expect(markCounts({ active: true, markedUpTo: 3 }, 4)).toBe(true);
    expect(markCounts({ active: true, markedUpTo: 4 }, 4)).toBe(false);
    expect(markCounts({ active: false, markedUpTo: 3 }, 4)).toBe(false);
  });
});

describe('given one who has left', () => {
  const gone = fold(ada, markTo(4, 2), leave(5, 4));

  test('when a mark of theirs comes, then it counts nothing, also when it comes again after their return', () => {
    expect(fold(gone, markTo(6, 4))).toBe(gone);
    const back = fold(gone, markTo(6, 4), join(8, { afterSeq: 6 }));
    expect(back.markedUpTo).toBe(2);
    expect(fold(back, markTo(6, 4))).toBe(back);
  });

  test('when they return, then earlier stays and the mark are kept; name, role and moment are the return’s', () => {
    const back = fold(gone, join(8, { name: 'Countess', role: 'admin', afterSeq: 6, at: returnedAt }));
    const stays = [
      { from: 0, to: 4 },
      { from: 6, to: null },
    ];
    const person = { ...key, name: 'Countess', role: 'admin', active: true, joinedAt: returnedAt };
    expect(back).toEqual({ ...person, stays, markedUpTo: 2, position: 8 });
    expect(fold(back, leave(9, 7)).stays).toEqual([
      { from: 0, to: 4 },
      { from: 6, to: 7 },
    ]);
  });

  test('when the whole of it comes again, then nothing changes', () => {
    const back = fold(gone, join(8, { afterSeq: 6 }));
    expect(fold(back, join(3), markTo(4, 2), leave(5, 4), join(8, { afterSeq: 6 }))).toBe(back);
  });
});
