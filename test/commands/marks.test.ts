import { describe, expect, test } from 'vitest';
import type { GroupState } from '../../src/commands/group-state.ts';
import { isInDoubt, markedUpTo, marksDecider } from '../../src/commands/marks.ts';
import type { GroupEvent, ReadsEvent } from '../../src/events/event.ts';
import { added, left, lunch, readUpTo, sent } from './events.ts';
import { foldGroup, foldMarks, givenMarks, givenMarksAs } from './given.ts';

/** How far somebody has read. */
function standing(state: GroupState, marks: readonly ReadsEvent[], userId: string): number {
  const member = state.members.get(userId) ?? expect.fail(`${userId} is not there`);
  return markedUpTo(foldMarks(marks, undefined, 100), state, userId, member);
}

const five: readonly GroupEvent[] = [1, 2, 3, 4, 5].map((seq) => sent(seq, 'ada'));
const group = [...lunch, ...five];

describe('marking', () => {
  test('moves the reader’s mark forward', () => {
    givenMarks(group)
      .when('cleo', 3)
      .then([readUpTo('cleo', 3)]);
    givenMarks(group, readUpTo('cleo', 3))
      .when('cleo', 5)
      .then([readUpTo('cleo', 5)]);
  });

  test('what is marked already, or less, changes nothing', () => {
    givenMarks(group, readUpTo('cleo', 3)).when('cleo', 3).then([]);
    givenMarks(group, readUpTo('cleo', 3)).when('cleo', 1).then([]);
    givenMarks(group).when('cleo', 0).then([]);
  });

  test('is each reader’s own', () => {
    givenMarks(group, readUpTo('cleo', 3))
      .when('dan', 2)
      .then([readUpTo('dan', 2)]);
  });

  test('beyond the newest message is refused, and so is a negative place', () => {
    givenMarks(group).when('cleo', 6).then({ kind: 'beyond-newest', lastSeq: 5 });
    givenMarks(lunch).when('cleo', 1).then({ kind: 'beyond-newest', lastSeq: 0 });
    givenMarks(group).when('cleo', -1).then({ kind: 'bad-value', field: 'upTo', problem: 'is negative' });
  });

  test('is for members: one who has left is told so, a stranger is told nothing', () => {
    givenMarks([...group, left('cleo', 3, 5)])
      .when('cleo', 3)
      .then({ kind: 'no-longer-a-member' });
    givenMarks(group).when('mallory', 3).then({ kind: 'group-not-found' });
    givenMarks([]).when('ada', 1).then({ kind: 'group-not-found' });
  });
});

describe('what a reader has sent themselves', () => {
  test('is marked by being sent: a mark that does not go beyond it changes nothing', () => {
    const own = [...lunch, sent(1, 'ada'), sent(2, 'cleo'), sent(3, 'ada')];
    givenMarks(own).when('cleo', 1).then([]);
    givenMarks(own).when('cleo', 2).then([]);
    givenMarks(own)
      .when('cleo', 3)
      .then([readUpTo('cleo', 3)]);
  });

  test('and the mark that is further holds', () => {
    const own = foldGroup([...group, sent(6, 'cleo'), sent(7, 'ada')]);
    expect(standing(own, [readUpTo('cleo', 3)], 'cleo')).toBe(6);
    expect(standing(own, [readUpTo('cleo', 7)], 'cleo')).toBe(7);
    expect(standing(own, [], 'dan')).toBe(0);
  });

  test('before they left counts when they are back', () => {
    const back = foldGroup([...group, sent(6, 'cleo'), left('cleo', 3, 6), added({ cleo: 'member' }, 4, 6)]);
    expect(standing(back, [], 'cleo')).toBe(6);
  });
});

describe('marking after a return', () => {
  // The return is the eighth event of the log, at position 8: as many marks stand before it as a test says.
  const returned = [...group, left('cleo', 3, 5), added({ cleo: 'member' }, 4, 5), sent(6, 'ada'), sent(7, 'ada')];
  const marksAt = (position: number, ...marks: Parameters<typeof foldMarks>[0]) =>
    foldMarks(marks, undefined, position);

  test('a mark from before it is in doubt, and is left out: it may have come while its reader was gone', () => {
    const marks = marksAt(7, readUpTo('cleo', 5));
    expect(isInDoubt(marks, foldGroup(returned), 'cleo')).toBe(true);
    givenMarksAs(returned, marks)
      .when('cleo', 4)
      .then([readUpTo('cleo', 4)]);
  });

  test('a mark from after it holds', () => {
    const marks = marksAt(9, readUpTo('cleo', 5));
    expect(isInDoubt(marks, foldGroup(returned), 'cleo')).toBe(false);
    givenMarksAs(returned, marks).when('cleo', 5).then([]);
    givenMarksAs(returned, marks)
      .when('cleo', 6)
      .then([readUpTo('cleo', 6)]);
  });

  test('and so does one that is known to have counted', () => {
    const marks = { ...marksAt(7, readUpTo('cleo', 5)), countedThrough: 7 };
    expect(isInDoubt(marks, foldGroup(returned), 'cleo')).toBe(false);
    givenMarksAs(returned, marks).when('cleo', 5).then([]);
  });

  test('a mark that another program has left beyond the newest message is in doubt', () => {
    const marks = marksAt(9, readUpTo('dan', 99));
    expect(isInDoubt(marks, foldGroup(returned), 'dan')).toBe(true);
    givenMarksAs(returned, marks)
      .when('dan', 5)
      .then([readUpTo('dan', 5)]);
  });
});

describe('the marks of one append', () => {
  test('of each reader the highest is kept', () => {
    const marks = [readUpTo('cleo', 2), readUpTo('dan', 4), readUpTo('cleo', 5), readUpTo('cleo', 3)];
    expect(marksDecider.coalesce?.(marks)).toEqual([readUpTo('cleo', 5), readUpTo('dan', 4)]);
  });

  test('are all kept where each is of another reader', () => {
    const marks = [readUpTo('cleo', 2), readUpTo('dan', 1)];
    expect(marksDecider.coalesce?.(marks)).toEqual(marks);
  });

  test('leave the state that all of them would leave', () => {
    const marks = [readUpTo('cleo', 5), readUpTo('cleo', 3), readUpTo('dan', 1)];
    const kept = marksDecider.coalesce?.(marks) ?? [];
    const upTo = (events: readonly ReadsEvent[]) =>
      foldMarks(events)
        .marks.map((one) => one.upTo)
        .toObject();
    expect(upTo(kept)).toEqual(upTo(marks));
  });
});
