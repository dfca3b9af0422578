import { type EncodedEvent, encodeEvent } from '../../src/events/codec.ts';
import { deriveId } from '../../src/events/event-id.ts';
import type { StreamName } from '../../src/events/stream-name.ts';
import type { AppendResult, EventLog, Position, Version } from '../../src/ports/event-log.ts';

/** Events for the tests of logs: a function of their arguments alone, so that the same call is the same event. */

const metadata = {
  correlationId: 'correlation-1',
  causationId: 'causation-1',
  actorId: 'user-1',
  at: '2026-11-24T12:00:00.000Z',
};

export const samples = {
  texts: [
    '',
    'line\nbreak\r\ntab\t"quoted" \\backslash\\',
    'grüße, Ελληνικά, русский, العربية, हिन्दी, 日本語, 한국어',
    '👩‍👩‍👧‍👦 🏳️‍🌈 e\u0301 \u202eright to left\u202c',
    "'; DROP TABLE events; --",
    'a null \u0000 and a lone surrogate \ud800',
  ],
} as const;

/** `count` marks, of which the first moves to `first` + 1. */
export function marks(first: number, count: number): readonly EncodedEvent[] {
  return Array.from({ length: count }, (_, index) => {
    const upTo = first + index + 1;
    return encodeEvent(
      { type: 'ReadUpTo', data: { groupId: 'group-1', userId: 'user-1', upTo } },
      metadata,
      deriveId('mark', String(upTo)),
    );
  });
}

export function message(seq: number, text = 'Hello'): EncodedEvent {
  const data = {
    messageId: `message-${seq}`,
    seq,
    authorId: 'user-1',
    text,
    replyTo: null,
    mentions: [],
    mentionsAll: false,
    audienceCount: 9_999,
  };
  return encodeEvent({ type: 'MessageSent', data }, metadata, deriveId('message', String(seq)));
}

/**
 * Close below what every store takes in one append, in two bytes a character: the limit is one of bytes. No text of ours
 * is so long, but a log takes whatever is encoded.
 */
export const long = (seq: number): EncodedEvent => ({
  ...message(seq),
  data: JSON.stringify({ text: 'é'.repeat(449_500) }),
});

/** What a stream holds, as it was given to `append`. */
export async function stored(log: EventLog, streamName: StreamName): Promise<readonly EncodedEvent[]> {
  const events = await log.readStream(streamName, 0, 100_000);
  return events.map(({ eventId, type, data, metadata }) => ({ eventId, type, data, metadata }));
}

export function appendedAt(result: AppendResult): { readonly version: Version; readonly position: Position } {
  if (result.kind !== 'appended') throw new Error(`the append was answered with ${JSON.stringify(result)}`);
  return result;
}

/** Each after the one before. */
export async function inTurn<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
