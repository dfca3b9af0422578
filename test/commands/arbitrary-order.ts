import fc from 'fast-check';
import { roles } from '../../src/events/values.ts';
import type { GroupOrder } from './given.ts';

/** Few people, messages and texts, so that random orders meet each other again and again. */
export const people = ['ada', 'bob', 'cleo', 'dan', 'eve'] as const;

const person = fc.constantFrom(...people);
const messageId = fc.integer({ min: 1, max: 12 }).map((number) => `m-${number}`);
const text = fc.constantFrom('Hello', 'Hello @all', 'Goodbye', '');
const name = fc.constantFrom('Lunch', 'Dinner', ' ');
const emoji = fc.constantFrom('👍', '❤️', '');
const role = fc.option(fc.constantFrom(...roles), { nil: undefined });
const newMember = fc.record({ userId: person, role });

const membershipOrder: fc.Arbitrary<GroupOrder> = fc.oneof(
  fc.record({
    type: fc.constant('CreateGroup' as const),
    groupId: fc.constant('lunch'),
    name: fc.constant('Lunch'),
    members: fc.array(newMember, { maxLength: 3 }),
  }),
  fc.record({ type: fc.constant('RenameGroup' as const), name }),
  fc.record({ type: fc.constant('AddMembers' as const), members: fc.array(newMember, { maxLength: 3 }) }),
  fc.record({ type: fc.constant('RemoveMember' as const), userId: person }),
  fc.record({ type: fc.constant('LeaveGroup' as const) }),
  fc.record({ type: fc.constant('ChangeMemberRole' as const), userId: person, role: fc.constantFrom(...roles) }),
  fc.record({ type: fc.constant('RenameMember' as const), userId: person, name }),
);

const messageOrder: fc.Arbitrary<GroupOrder> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('SendMessage' as const),
      messageId,
      text,
      mentions: fc.array(person, { maxLength: 2 }),
      replyTo: fc.option(messageId, { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('EditMessage' as const), messageId, text }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('DeleteMessage' as const), messageId }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('AddReaction' as const), messageId, emoji }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('RemoveReaction' as const), messageId, emoji }) },
);

/** An order and who gives it. Messages are more frequent than changes of members, as in a real group. */
export const arbitraryOrder = fc.record({
  actorId: person,
  order: fc.oneof({ weight: 1, arbitrary: membershipOrder }, { weight: 4, arbitrary: messageOrder }),
});
