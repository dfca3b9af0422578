import fc from 'fast-check';
import { roles } from '../../src/events/values.ts';
import type { GroupOrder } from './given.ts';

/** Few people, messages and texts, so that random orders meet each other again and again. */
export const people = ['ada', 'bob', 'cleo', 'dan', 'eve'] as const;

const person = fc.constantFrom(...people);
/** Who gives orders: the owner most often, so that they can be carried out. */
const actor = fc.oneof({ weight: 1, arbitrary: fc.constant('ada') }, { weight: 2, arbitrary: person });
const messageId = fc.integer({ min: 1, max: 12 }).map((number) => `m-${number}`);
const seldom = <Value>(usual: readonly Value[], rare: Value) =>
  fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: fc.constant(rare) });
const text = seldom(['Hello', 'Hello @all', 'Goodbye'], '');
const name = seldom(['Lunch', 'Dinner'], ' ');
const emoji = seldom(['👍', '❤️'], '');
const role = fc.option(fc.constantFrom(...roles), { nil: undefined });
const newMember = fc.record({ userId: person, role });

const addMembers = fc.record({
  type: fc.constant('AddMembers' as const),
  members: fc.array(newMember, { maxLength: 3 }),
});

const membershipOrder: fc.Arbitrary<GroupOrder> = fc.oneof(
  fc.record({
    type: fc.constant('CreateGroup' as const),
    groupId: fc.constant('lunch'),
    name: fc.constant('Lunch'),
    members: fc.array(newMember, { maxLength: 3 }),
  }),
  fc.record({ type: fc.constant('RenameGroup' as const), name }),
  { weight: 4, arbitrary: addMembers },
  fc.record({ type: fc.constant('RemoveMember' as const), userId: person }),
  fc.record({ type: fc.constant('LeaveGroup' as const) }),
  fc.record({ type: fc.constant('ChangeMemberRole' as const), userId: person, role: fc.constantFrom(...roles) }),
  fc.record({ type: fc.constant('RenameMember' as const), userId: person, name }),
);

const messageOrder: fc.Arbitrary<GroupOrder> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('SendMessage' as const),
      messageId,
      text,
      mentions: seldom<readonly string[]>([[], ['bob']], ['eve', 'cleo', 'eve']),
      replyTo: fc.option(messageId, { nil: undefined, freq: 1 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('EditMessage' as const), messageId, text }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('DeleteMessage' as const), messageId }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('AddReaction' as const), messageId, emoji }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('RemoveReaction' as const), messageId, emoji }) },
);

/** An order and who gives it. Messages are more frequent than changes of members, as in a real group. */
export const arbitraryOrder = fc.record({
  actorId: actor,
  order: fc.oneof({ weight: 1, arbitrary: membershipOrder }, { weight: 4, arbitrary: messageOrder }),
});
