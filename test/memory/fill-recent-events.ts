import { createRecentEvents } from '../../src/adapters/following/recent-events.ts';
import type { RecordedEvent } from '../../src/ports/event-log.ts';
import { type Filled, heapBytes } from './heap-bytes.ts';

/** Made of bytes, as a store's answer is: no string is shared with another event's. */
const textOf = (text: string): string => Buffer.from(text, 'utf8').toString('utf8');

function recorded(position: number, content: string): RecordedEvent {
  const id = String(position).padStart(36, '0');
  return {
    eventId: textOf(id),
    type: textOf('MessageSent'),
    data: textOf(JSON.stringify({ messageId: id, text: content })),
    metadata: textOf(JSON.stringify({ correlationId: id, causationId: id, actorId: 'ada', at: id })),
    streamName: textOf(`group-${id}`),
    version: position,
    position,
    recordedAt: 1_795_521_600_000 + position,
  };
}

/** What events say, and how many come together. */
const kinds: Readonly<Record<string, readonly [string, number]>> = {
  'nothing, one by one': ['', 1],
  'nothing, many at once': ['', 200],
  'everyday texts, one by one': ['as one speaks'.repeat(6), 1],
  'everyday texts, many at once': ['as one speaks'.repeat(6), 50],
  'long texts': ['x'.repeat(8_000), 3],
  'other scripts': ['語'.repeat(300), 1],
  'a thousand members': ['m'.repeat(60_000), 1],
};

async function fill(content: string, together: number, boundBytes: number): Promise<Filled> {
  const before = await heapBytes();
  const recent = createRecentEvents({ maximumEvents: Number.POSITIVE_INFINITY, maximumBytes: boundBytes });
  let put = 0;
  while (recent.coveredAfter() < 0) {
    const events = Array.from({ length: together }, () => recorded(put++, content));
    recent.add(events, recent.newest());
  }
  const heldBytes = (await heapBytes()) - before;
  const kept = recent.newest() - recent.coveredAfter();
  return { boundBytes, accountedBytes: recent.byteLength(), heldBytes, kept, put };
}

const boundBytes = Number(process.argv[2]) * 1024 * 1024;
// What filling needs once.
await fill('', 1, boundBytes);
const filled: Record<string, Filled> = {};
for (const [kind, [content, together]] of Object.entries(kinds))
  filled[kind] = await fill(content, together, boundBytes);
console.info(JSON.stringify(filled));
