import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { streamPrefixes } from '../../events/stream-name.ts';
import { type Position, startOfLog, type Version } from '../../ports/event-log.ts';

/** A place in EventStoreDB's log: of an event, or one that only serves to resume a subscription from. */
export interface Place {
  readonly commit: number;
  readonly prepare: number;
}

/** Whatever is appended over gRPC has one number twice, so that the port's position is enough to find it again. */
export const placeOf = (position: Position): Place | 'start' =>
  position === startOfLog ? 'start' : { commit: position, prepare: position };

/**
 * After how many events that are none of Highwater's a subscription says how far it has come. The server looks through
 * that many at a time.
 */
export const searchWindowEvents = 1_000;

/** Events of one stream, from a version on or from its end, that version included. */
export function readStreamRequest(
  streamName: string,
  from: Version | 'end',
  count: number,
  direction: 'forwards' | 'backwards',
): ReadReq {
  const stream = new streams.ReadReq.Options.StreamOptions();
  stream.setStreamIdentifier(identifierOf(streamName));
  if (from === 'end') stream.setEnd(new shared.Empty());
  else stream.setRevision(String(from));
  return readRequest((options) => {
    options.setStream(stream);
    options.setCount(String(count));
    options.setReadDirection(direction === 'forwards' ? 0 : 1);
    options.setNoFilter(new shared.Empty());
  });
}

/** Events of all streams: forwards from a place on, the event there included; backwards from before it. */
export function readAllRequest(
  from: Place | 'start' | 'end',
  count: number,
  direction: 'forwards' | 'backwards',
): ReadReq {
  return readRequest((options) => {
    options.setAll(allFrom(from));
    options.setCount(String(count));
    options.setReadDirection(direction === 'forwards' ? 0 : 1);
    options.setNoFilter(new shared.Empty());
  });
}

/** Everything in Highwater's streams after a place, until it is cancelled. */
export function subscribeRequest(after: Place | 'start'): ReadReq {
  const prefixes = new streams.ReadReq.Options.FilterOptions.Expression();
  prefixes.setPrefixList([...streamPrefixes]);
  const filter = new streams.ReadReq.Options.FilterOptions();
  filter.setStreamIdentifier(prefixes);
  filter.setMax(searchWindowEvents);
  filter.setCheckpointintervalmultiplier(1);
  return readRequest((options) => {
    options.setAll(allFrom(after));
    options.setSubscription(new streams.ReadReq.Options.SubscriptionOptions());
    options.setFilter(filter);
  });
}

function readRequest(fill: (options: ReadReq.Options) => void): ReadReq {
  const idsAsText = new streams.ReadReq.Options.UUIDOption();
  idsAsText.setString(new shared.Empty());
  const options = new streams.ReadReq.Options();
  options.setResolveLinks(false);
  options.setUuidOption(idsAsText);
  fill(options);
  const request = new streams.ReadReq();
  request.setOptions(options);
  return request;
}

function allFrom(from: Place | 'start' | 'end'): ReadReq.Options.AllOptions {
  const all = new streams.ReadReq.Options.AllOptions();
  if (from === 'start') {
    all.setStart(new shared.Empty());
  } else if (from === 'end') {
    all.setEnd(new shared.Empty());
  } else {
    const position = new streams.ReadReq.Options.Position();
    position.setCommitPosition(String(from.commit));
    position.setPreparePosition(String(from.prepare));
    all.setPosition(position);
  }
  return all;
}

function identifierOf(streamName: string) {
  const identifier = new shared.StreamIdentifier();
  identifier.setStreamName(Buffer.from(streamName, 'utf8'));
  return identifier;
}
