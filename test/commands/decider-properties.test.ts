import fc from 'fast-check';
import { expect, test } from 'vitest';
import { groupDecider } from '../../src/commands/group.ts';
import { findMessage, type GroupState } from '../../src/commands/group-state.ts';
import { marksDecider } from '../../src/commands/marks.ts';
import { isRefused, isRepeated } from '../../src/commands/refusal.ts';
import type { GroupEvent, ReadsEvent } from '../../src/events/event.ts';
import { assertProperty } from '../fakes/assert-property.ts';
import { arbitraryOrder, people } from './arbitrary-order.ts';
import { lunch, sent } from './events.ts';
import { by, foldGroup, foldMarks, type GroupOrder, mark } from './given.ts';

interface Given {
  readonly actorId: string;
  readonly order: GroupOrder;
}

/** What a decider makes of orders, each decided on what the ones before it left. */
function historyOf(orders: readonly Given[]): readonly GroupEvent[] {
  let state = foldGroup(lunch);
  const history = [...lunch];
  for (const { actorId, order } of orders) {
    const decision = groupDecider.decide(by(actorId, order), state, undefined);
    if (isRefused(decision) || isRepeated(decision)) continue;
    history.push(...decision);
    state = foldGroup(decision, state);
  }
  return history;
}

const plain = (state: GroupState) => ({
  ...state,
  members: state.members.toJS(),
  messages: state.messages.byId.toJS(),
  olderMessages: state.olderMessages.byId.toJS(),
});

const arbitraryOrders = fc.array(arbitraryOrder, { maxLength: 80, size: 'max' });
const arbitraryMarks = fc.array(
  fc.record({ userId: fc.constantFrom(...people), upTo: fc.integer({ min: 1, max: 9 }) }),
  { maxLength: 40, size: 'max' },
);

test('folding a group’s history in two halves equals folding it once', () => {
  assertProperty(
    fc.property(arbitraryOrders, fc.nat(), (orders, cut) => {
      const history = historyOf(orders);
      const half = cut % (history.length + 1);
      const inHalves = foldGroup(history.slice(half), foldGroup(history.slice(0, half)), half);
      expect(plain(inHalves)).toEqual(plain(foldGroup(history)));
    }),
  );
});

test('folding marks in two halves equals folding them once', () => {
  assertProperty(
    fc.property(arbitraryMarks, fc.nat(), (marks, cut) => {
      const events = marks.map((data): ReadsEvent => ({ type: 'ReadUpTo', data: { groupId: 'lunch', ...data } }));
      const half = cut % (events.length + 1);
      const inHalves = foldMarks(events.slice(half), foldMarks(events.slice(0, half)), half);
      expect(inHalves.marks.toObject()).toEqual(foldMarks(events).marks.toObject());
    }),
  );
});

/** One who gives up what allowed the order may not give it again. */
const givesUpOwnRights = ({ actorId, order }: Given): boolean =>
  (order.type === 'ChangeMemberRole' || order.type === 'RemoveMember') && order.userId === actorId;

test('an order repeated at once changes nothing, whatever it was', () => {
  assertProperty(
    fc.property(arbitraryOrders, arbitraryOrder, (orders, given) => {
      const before = foldGroup(historyOf(orders));
      const command = by(given.actorId, given.order);
      const first = groupDecider.decide(command, before, undefined);
      if (isRefused(first) || isRepeated(first)) {
        expect(groupDecider.decide(command, before, undefined)).toEqual(first);
        return;
      }
      const again = groupDecider.decide(command, foldGroup(first, before), undefined);
      const isAnswered = isRepeated(again) || (!isRefused(again) && again.length === 0);
      expect(isAnswered || (isRefused(again) && givesUpOwnRights(given))).toBe(true);
    }),
  );
});

test('a mark repeated at once changes nothing', () => {
  const group = foldGroup([...lunch, ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((seq) => sent(seq, 'ada'))]);
  assertProperty(
    fc.property(arbitraryMarks, fc.constantFrom(...people), fc.integer({ min: -1, max: 11 }), (marks, reader, upTo) => {
      const events = marks.map((data): ReadsEvent => ({ type: 'ReadUpTo', data: { groupId: 'lunch', ...data } }));
      const before = foldMarks(events, undefined, 100);
      const first = marksDecider.decide(mark(reader, upTo), before, { group, groupPosition: 0 });
      const after = isRefused(first) || isRepeated(first) ? before : foldMarks(first, before, 200);
      const again = marksDecider.decide(mark(reader, upTo), after, { group, groupPosition: 0 });
      expect(again).toEqual(isRefused(first) ? first : []);
    }),
  );
});

test('counts of members and owners are those of the members, and a group with members has an owner', () => {
  assertProperty(
    fc.property(arbitraryOrders, (orders) => {
      const { members, memberCount, ownerCount } = foldGroup(historyOf(orders));
      const active = members.filter((member) => member.active);
      expect(memberCount).toBe(active.size);
      expect(ownerCount).toBe(active.count(({ role }) => role === 'owner'));
      expect(ownerCount > 0 || memberCount === 0).toBe(true);
    }),
  );
});

test('messages are numbered 1, 2, 3, … and each id stands for one of them', () => {
  assertProperty(
    fc.property(arbitraryOrders, (orders) => {
      const history = historyOf(orders);
      const messages = history.flatMap((event) => (event.type === 'MessageSent' ? [event.data] : []));
      expect(messages.map(({ seq }) => seq)).toEqual(messages.map((_, index) => index + 1));
      expect(new Set(messages.map(({ messageId }) => messageId)).size).toBe(messages.length);
      const state = foldGroup(history);
      for (const { messageId, seq } of messages) expect(findMessage(state, messageId)?.seq).toBe(seq);
    }),
  );
});

test('the history of a group tells the audience of each message: the members then, without its author', () => {
  assertProperty(
    fc.property(arbitraryOrders, (orders) => {
      const history = historyOf(orders);
      history.forEach((event, index) => {
        if (event.type !== 'MessageSent') return;
        const members = foldGroup(history.slice(0, index)).members.filter(({ active }) => active);
        expect(event.data.audienceCount).toBe(members.delete(event.data.authorId).size);
      });
    }),
    { numRuns: 100 },
  );
});
