import { type EncodedEvent, encodeEvent } from '../src/events/codec.ts';
import type { HighwaterEvent } from '../src/events/event.ts';
import { deriveId } from '../src/events/event-id.ts';

const at = '2026-11-24T12:00:00.000Z';

/** What sendMessage of the load generator stores: 300 bytes of text. */
export const sampleMessage: HighwaterEvent = {
  type: 'MessageSent',
  data: {
    messageId: 'message-of-client-000000000-00000000',
    seq: 12_345,
    authorId: 'user-0',
    text: 'text '.repeat(60),
    replyTo: null,
    mentions: [],
    mentionsAll: false,
    audienceCount: 63,
  },
};

export const sampleMark: HighwaterEvent = {
  type: 'ReadUpTo',
  data: { groupId: 'hot', userId: 'user-1234', upTo: 12_345 },
};

/** The four texts of an event's row. */
export function sampleRow(event: HighwaterEvent): [string, string, string, string] {
  const id = deriveId('sample', event.type);
  const encoded: EncodedEvent = encodeEvent(
    event,
    { correlationId: id, causationId: id, actorId: 'user-1234', at },
    id,
  );
  return [encoded.eventId, encoded.type, encoded.data, encoded.metadata];
}
