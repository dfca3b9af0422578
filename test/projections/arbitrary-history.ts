import fc from 'fast-check';
import type { GroupEvent, ReadsEvent } from '../../src/events/event.ts';
import { added, left, readUpTo, removed, sent } from '../commands/events.ts';

export const readers = ['ada', 'bob', 'cleo', 'dan', 'eve'] as const;
const reader = fc.constantFrom(...readers);

type Step =
  | { readonly does: 'join'; readonly who: readonly string[] }
  | { readonly does: 'leave' | 'remove' | 'send'; readonly who: string }
  | { readonly does: 'mark'; readonly who: string; readonly part: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ does: fc.constant('join' as const), who: fc.uniqueArray(reader, { minLength: 1 }) }),
  },
  { weight: 3, arbitrary: fc.record({ does: fc.constantFrom('leave' as const, 'remove' as const), who: reader }) },
  { weight: 6, arbitrary: fc.record({ does: fc.constant('send' as const), who: reader }) },
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant('mark' as const),
      who: reader,
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
);

/**
 * What a group's log may hold, as deciders let it come to be: only those outside join, only members leave and send. Marks
 * are of anybody, for a mark may reach the log after its reader has left.
 */
export const arbitraryHistory: fc.Arbitrary<readonly (GroupEvent | ReadsEvent)[]> = fc
  .array(step, { maxLength: 80, size: 'max' })
  .map(toEvents);

function toEvents(steps: readonly Step[]): readonly (GroupEvent | ReadsEvent)[] {
  const members = new Set<string>();
  const events: (GroupEvent | ReadsEvent)[] = [];
  let lastSeq = 0;
  for (const one of steps) {
    if (one.does === 'join') {
      const newcomers = one.who.filter((userId) => !members.has(userId));
      for (const userId of newcomers) members.add(userId);
      if (newcomers.length === 0) continue;
      const people = Object.fromEntries(newcomers.map((userId) => [userId, 'member' as const]));
      events.push(added(people, members.size, lastSeq));
    } else if (one.does === 'mark') {
      const upTo = Math.ceil(one.part * lastSeq);
      if (upTo > 0) events.push(readUpTo(one.who, upTo));
    } else if (members.has(one.who)) {
      if (one.does === 'send') {
        lastSeq += 1;
        events.push(sent(lastSeq, one.who, { audienceCount: members.size - 1 }));
        continue;
      }
      members.delete(one.who);
      const depart = one.does === 'leave' ? left : removed;
      events.push(depart(one.who, members.size, lastSeq));
    }
  }
  return events;
}
