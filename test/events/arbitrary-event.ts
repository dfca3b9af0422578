import fc from 'fast-check';
import type { HighwaterEvent } from '../../src/events/event.ts';
import { maximumSeq, roles } from '../../src/events/values.ts';

const id = fc.stringMatching(/^[\w.:@-]{1,128}$/);
const text = fc.string({ unit: 'grapheme' });
const emoji = fc.constantFrom('👍', '❤️', '🏳️‍🌈');
const seq = fc.integer({ min: 1, max: maximumSeq });
const seqOrZero = fc.nat({ max: maximumSeq });
const memberCount = fc.nat({ max: 1_000_000 });
const role = fc.constantFrom(...roles);
const departure = fc.record({ userId: id, afterSeq: seqOrZero, memberCount });
const reaction = fc.record({ messageId: id, seq, userId: id, emoji });

const dataOf = {
  GroupCreated: fc.record({ groupId: id, name: text }),
  GroupRenamed: fc.record({ name: text }),
  MembersAdded: fc.record({
    members: fc.array(fc.record({ userId: id, name: text, role }), { minLength: 1, maxLength: 5 }),
    afterSeq: seqOrZero,
    memberCount,
  }),
  MemberLeft: departure,
  MemberRemoved: departure,
  MemberRoleChanged: fc.record({ userId: id, role }),
  MemberRenamed: fc.record({ userId: id, name: text }),
  MessageSent: fc.record({
    messageId: id,
    seq,
    authorId: id,
    text,
    replyTo: fc.option(id),
    mentions: fc.array(id, { maxLength: 3 }),
    mentionsAll: fc.boolean(),
    audienceCount: memberCount,
  }),
  MessageEdited: fc.record({ messageId: id, seq, text, mentionsAll: fc.constantFrom(true, false, null) }),
  MessageDeleted: fc.record({ messageId: id, seq }),
  ReactionAdded: reaction,
  ReactionRemoved: reaction,
  ReadUpTo: fc.record({ groupId: id, userId: id, upTo: seq }),
  FileImported: fc.record({
    groupId: id,
    file: text,
    sha256: fc.stringMatching(/^[0-9a-f]{64}$/),
    lines: fc.nat(),
  }),
} satisfies { [Type in HighwaterEvent['type']]: fc.Arbitrary<(HighwaterEvent & { type: Type })['data']> };

/** Any event of the union. One that is added to the union without being added here does not compile. */
export const arbitraryEvent: fc.Arbitrary<HighwaterEvent> = fc.oneof(
  ...Object.entries(dataOf).map(([type, data]) =>
    // The table pairs each type with its own data, which Object.entries forgets.
    (data as fc.Arbitrary<unknown>).map((made) => ({ type, data: made }) as HighwaterEvent),
  ),
);
