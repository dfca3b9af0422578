import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import type { handleServerStreamingCall } from '@grpc/grpc-js';
import { type EventLog, type Position, type RecordedEvent, startOfLog } from '../ports/event-log.ts';
import { type Answer, answering, type ServerState } from './calls.ts';
import { type Place, positionOf } from './places.ts';
import { type AllSource, type ReadRequest, readReadRequest, type StreamSource } from './read-request.ts';
import { approximateSize, type ReadResponse } from './read-responses.ts';
import { closing, noSuchPlace } from './refusals.ts';
import { followAll } from './subscribe-to-all.ts';
import { followStream } from './subscribe-to-stream.ts';

/** Read at a time: what a slow client can make the server hold is this many events. */
const pageEvents = 100;

/** Streams.Read: reads of a stream or of $all, and subscriptions to either. */
export function handleRead(
  log: EventLog,
  state: ServerState,
): handleServerStreamingCall<ReadReq, readonly ReadResponse[]> {
  return (call) => {
    void answering(call, state, approximateSize, async (answer) => {
      const request = readReadRequest(call.request);
      const { source, count } = request;
      if (count === 'subscription') {
        if (source.kind === 'all') await followAll(log, source, request.structuredIds, answer);
        else await followStream(log, source, request.structuredIds, answer);
        // Nothing but its own end ends a subscription in order.
        if (!answer.ended.aborted) throw closing();
      } else if (source.kind === 'all') {
        await sendEvents(await openAll(log, source, request.backwards), count, request, answer);
      } else {
        await readStream(log, source, count, request, answer);
      }
    });
  };
}

/** Reads the page that follows an event, or the first one. */
type NextPage = (previous: RecordedEvent | undefined, limit: number) => Promise<readonly RecordedEvent[]>;

async function readStream(
  log: EventLog,
  { streamName, from }: StreamSource,
  count: number,
  request: ReadRequest,
  answer: Answer<ReadResponse>,
): Promise<void> {
  const [last] = await log.readStreamBackwards(streamName, undefined, 1);
  if (last === undefined) {
    await answer.send({ kind: 'streamNotFound', streamName });
    return;
  }
  const forwards: NextPage = (previous, limit) =>
    log.readStream(
      streamName,
      previous === undefined ? versionFrom(from, last.version + 1) : previous.version + 1,
      limit,
    );
  const backwards: NextPage = async (previous, limit) =>
    previous?.version === 0
      ? []
      : log.readStreamBackwards(
          streamName,
          previous === undefined ? versionFrom(from, undefined) : previous.version - 1,
          limit,
        );
  const next = request.backwards ? backwards : forwards;
  const sent = await sendEvents({ next, matches: () => true }, count, request, answer);
  if (!request.wantsStreamEnds) return;
  // A read from beyond the end says where the next event will be.
  if (sent === 0 && !request.backwards && typeof from === 'number' && from > last.version + 1) {
    await answer.send({ kind: 'firstStreamPosition', version: last.version + 1 });
  }
  await answer.send({ kind: 'lastStreamPosition', version: last.version });
}

function versionFrom<End>(from: StreamSource['from'], end: End): number | End {
  if (from === 'end') return end;
  return from === 'start' ? 0 : from;
}

interface OpenRead {
  readonly next: NextPage;
  readonly matches: (event: RecordedEvent) => boolean;
}

async function openAll(log: EventLog, { from, filter }: AllSource, backwards: boolean): Promise<OpenRead> {
  const matches = filter === undefined ? () => true : filter.matches;
  if (from !== 'start' && from !== 'end') {
    const standing = await standingOf(log, from);
    // As on an EventStoreDB: forwards there is nothing yet, backwards there would have to be something.
    if (standing === 'beyond' && !backwards) return { next: async () => [], matches };
    if (standing !== 'there') throw noSuchPlace();
  }
  if (backwards) {
    const before = from === 'end' ? undefined : from === 'start' ? startOfLog : positionOf(from);
    return { next: (previous, limit) => log.readAllBackwards(previous?.position ?? before, limit), matches };
  }
  const after: Position =
    from === 'start' ? startOfLog : from === 'end' ? await log.endPosition() : positionOf(from) - 1;
  return { next: (previous, limit) => log.readAll(previous?.position ?? after, limit), matches };
}

/** Whether a read may start there: at the log's start, at an event, or right behind the last one. */
async function standingOf(log: EventLog, place: Place): Promise<'there' | 'beyond' | 'nowhere'> {
  const position = positionOf(place);
  const end = await log.endPosition();
  if (position > end + 1) return 'beyond';
  if (position === startOfLog || position === end + 1) return 'there';
  const [event] = await log.readAll(position - 1, 1);
  return event?.position === position ? 'there' : 'nowhere';
}

/** Resolves with how many it has sent. */
async function sendEvents(
  { next, matches }: OpenRead,
  count: number,
  { structuredIds }: ReadRequest,
  { ended, send }: Answer<ReadResponse>,
): Promise<number> {
  let remaining = count;
  let previous: RecordedEvent | undefined;
  while (remaining > 0 && !ended.aborted) {
    const page: readonly RecordedEvent[] = await next(previous, Math.min(pageEvents, Math.max(remaining, 1)));
    if (page.length === 0) break;
    previous = page.at(-1);
    for (const event of page) {
      if (remaining === 0 || ended.aborted) break;
      if (!matches(event)) continue;
      remaining -= 1;
      await send({ kind: 'event', event, structuredIds });
    }
  }
  return count - remaining;
}
