import { describe, expect, test } from 'vitest';
import { marksDecider } from '../../src/commands/marks.ts';
import type { GroupEvent } from '../../src/events/event.ts';
import { added, left, lunch, readUpTo, sent } from './events.ts';
import { foldMarks, givenMarks } from './given.ts';

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

describe('marking after a return', () => {
  const returned = [...group, left('cleo', 3, 5), added({ cleo: 'member' }, 4, 5), sent(6, 'ada'), sent(7, 'ada')];

  test('what was sent before the present stay may be marked again: the mark that stands may have come too late', () => {
    givenMarks(returned, readUpTo('cleo', 5))
      .when('cleo', 4)
      .then([readUpTo('cleo', 4)]);
    givenMarks(returned, readUpTo('cleo', 5))
      .when('cleo', 5)
      .then([readUpTo('cleo', 5)]);
  });

  test('what was sent during the present stay is marked once', () => {
    givenMarks(returned, readUpTo('cleo', 5))
      .when('cleo', 6)
      .then([readUpTo('cleo', 6)]);
    givenMarks(returned, readUpTo('cleo', 6)).when('cleo', 6).then([]);
    givenMarks(returned, readUpTo('cleo', 7)).when('cleo', 6).then([]);
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
    expect(foldMarks(kept).marks.toObject()).toEqual(foldMarks(marks).marks.toObject());
  });
});
