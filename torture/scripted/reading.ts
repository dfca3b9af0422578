import type { StreamIdentifier } from '@eventstore/db-client/generated/shared_pb.js';
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { MemoryLog, StoredEvent } from './memory-log.ts';
import { streamDeleted } from './refusal.ts';
import {
  caughtUpResponse,
  checkpointResponse,
  confirmationResponse,
  eventResponse,
  notFoundResponse,
} from './responses.ts';

type ReadCall = ServerWritableStream<ReadReq, ReadResp>;

export const streamNameOf = (identifier: StreamIdentifier | undefined): string =>
  Buffer.from(identifier?.getStreamName_asU8() ?? []).toString();

/** A read of a stream or of $all, to its end. */
export function readOnce(log: MemoryLog, call: ReadCall): void {
  const options = call.request.getOptions();
  const backwards = options?.getReadDirection() === 1;
  const stream = options?.getStream();
  let events: readonly StoredEvent[];
  if (stream !== undefined) {
    const name = streamNameOf(stream.getStreamIdentifier());
    if (log.isDeleted(name)) return void call.emit('error', streamDeleted(name));
    const standing = log.stream(name);
    if (standing.length === 0) call.write(notFoundResponse(name));
    const from = stream.hasEnd() ? Number.POSITIVE_INFINITY : Number(stream.getRevision());
    events = backwards
      ? standing.filter(({ revision }) => revision <= from).toReversed()
      : standing.filter(({ revision }) => revision >= from);
  } else {
    const all = options?.getAll();
    const position = Number(all?.getPosition()?.getCommitPosition() ?? 0);
    if (backwards) {
      const before = all?.hasEnd() ? Number.POSITIVE_INFINITY : position;
      events = log.events.filter(({ commit }) => commit < before).toReversed();
    } else {
      events = log.events.filter(({ commit }) => commit >= position);
    }
  }
  for (const event of events.slice(0, Number(options?.getCount()))) call.write(eventResponse(event));
  call.end();
}

/** A subscription to $all by prefixes of stream names. What is returned ends it without telling the client. */
export function subscribe(log: MemoryLog, call: ReadCall): () => void {
  const options = call.request.getOptions();
  const prefixes = options?.getFilter()?.getStreamIdentifier()?.getPrefixList() ?? [];
  const isMatch = ({ streamName }: StoredEvent): boolean => prefixes.some((prefix) => streamName.startsWith(prefix));
  const position = options?.getAll()?.getPosition();
  const after = position === undefined ? -1 : Number(position.getCommitPosition());
  // From a checkpoint on, a server may bring what stands at that place once more.
  const isAgain = position?.getPreparePosition() === '0';
  let passed = 0;

  function hand(events: readonly StoredEvent[]): void {
    for (const event of events) {
      if (isMatch(event)) call.write(eventResponse(event));
      passed += 1;
      if (passed % 7 === 0) call.write(checkpointResponse(event.commit));
    }
  }

  call.write(confirmationResponse());
  hand(log.events.filter(({ commit }) => (isAgain ? commit >= after : commit > after)));
  call.write(caughtUpResponse());
  const leave = log.onAppended(hand);
  call.on('cancelled', leave);
  return leave;
}
