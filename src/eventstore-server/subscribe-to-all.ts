import { randomUUID } from 'node:crypto';
import { type EventLog, startOfLog } from '../ports/event-log.ts';
import type { Answer } from './calls.ts';
import { createCheckpoints } from './checkpoints.ts';
import { positionUpTo } from './places.ts';
import type { AllSource } from './read-request.ts';
import type { ReadResponse } from './read-responses.ts';
import { noSuchPlace } from './refusals.ts';

/** A subscription to $all, until the call ends. With a filter it has checkpoints, without one every event is one. */
export async function followAll(
  log: EventLog,
  { from, filter }: AllSource,
  structuredIds: boolean,
  { ended, send }: Answer<ReadResponse>,
): Promise<void> {
  // Looked up before the confirmation: what a client appends once it has that comes through the subscription.
  const end = await log.endPosition();
  const after = from === 'start' ? startOfLog : from === 'end' ? end : positionUpTo(from);
  // A place of another log: whoever followed from there would miss everything up to it.
  if (after > end) throw noSuchPlace();
  const checkpoints = filter && createCheckpoints(filter, typeof from === 'object' ? { after } : from);
  let isCaughtUp = false;

  await send({ kind: 'confirmation', subscriptionId: randomUUID() });
  for await (const { events, caughtUp } of log.subscribe(after, ended)) {
    for (const event of events) {
      const matched = filter === undefined || filter.matches(event);
      if (matched) await send({ kind: 'event', event, structuredIds });
      const place = checkpoints?.considered(event.position, matched);
      if (place !== undefined) await send({ kind: 'checkpoint', place });
      if (ended.aborted) return;
    }
    if (!caughtUp || isCaughtUp) continue;
    isCaughtUp = true;
    checkpoints?.caughtUp();
    await send({ kind: 'caughtUp' });
  }
}
