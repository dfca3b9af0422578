import { randomUUID } from 'node:crypto';
import { type EventLog, noStream } from '../ports/event-log.ts';
import type { Answer } from './calls.ts';
import type { StreamSource } from './read-request.ts';
import type { ReadResponse } from './read-responses.ts';

const pageEvents = 100;

/**
 * A subscription to one stream, until the call ends: first read, then picked out of the log as it grows. As in an
 * EventStoreDB, one to a stream that is missing has not caught up before the stream's first events.
 */
export async function followStream(
  log: EventLog,
  { streamName, from }: StreamSource,
  structuredIds: boolean,
  { ended, send }: Answer<ReadResponse>,
): Promise<void> {
  // Looked up before the confirmation, and before the stream is read: what the stream holds by then is read, what comes
  // after it is followed, and what is both is told by its version.
  const after = await log.endPosition();
  const [last] = await log.readStreamBackwards(streamName, undefined, 1);
  let next = from === 'start' ? 0 : from === 'end' ? (last?.version ?? noStream) + 1 : from + 1;
  await send({ kind: 'confirmation', subscriptionId: randomUUID() });

  let exists = last !== undefined || from === 'end';
  while (!ended.aborted) {
    const page = await log.readStream(streamName, next, pageEvents);
    if (page.length === 0) break;
    for (const event of page) {
      await send({ kind: 'event', event, structuredIds });
      if (ended.aborted) return;
    }
    next = (page.at(-1)?.version ?? next) + 1;
    exists = true;
  }

  let isCaughtUp = exists;
  if (isCaughtUp) await send({ kind: 'caughtUp' });
  for await (const { events } of log.subscribe(after, ended)) {
    for (const event of events) {
      if (event.streamName !== streamName) continue;
      exists = true;
      if (event.version < next) continue;
      next = event.version + 1;
      await send({ kind: 'event', event, structuredIds });
      if (ended.aborted) return;
    }
    if (isCaughtUp || !exists) continue;
    isCaughtUp = true;
    await send({ kind: 'caughtUp' });
  }
}
