import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import type { Version } from '../ports/event-log.ts';
import { type EventFilter, readFilter } from './filter.ts';
import type { Place } from './places.ts';
import { invalidArgument, unknown } from './refusals.ts';
import { readStreamName } from './stream-name.ts';

export interface StreamSource {
  readonly kind: 'stream';
  readonly streamName: string;
  readonly from: Version | 'start' | 'end';
}

export interface AllSource {
  readonly kind: 'all';
  readonly from: Place | 'start' | 'end';
  readonly filter: EventFilter | undefined;
}

/** A checked request to Streams.Read. */
export interface ReadRequest {
  readonly source: StreamSource | AllSource;
  readonly backwards: boolean;
  /** At most so many events, or those that are there and all that are still to come. */
  readonly count: number | 'subscription';
  /** Ids as two halves instead of as text. */
  readonly structuredIds: boolean;
  /** The client knows the messages that tell where a stream begins and ends. */
  readonly wantsStreamEnds: boolean;
}

export function readReadRequest(request: ReadReq): ReadRequest {
  const options = request.getOptions();
  if (options === undefined) throw invalidArgument('a read has options');
  const source = readSource(options);
  const backwards = options.getReadDirection() === 1;
  const count = options.hasSubscription() ? 'subscription' : Number(options.getCount());
  if (count === 0) throw unknown('a read is of at least one event');
  if (count === 'subscription' && backwards) throw invalidArgument('a subscription goes forwards');
  const uuidOption = options.getUuidOption();
  if (uuidOption === undefined) throw invalidArgument('a read says in which form it wants ids');
  const wantsStreamEnds = (options.getControlOption()?.getCompatibility() ?? 0) >= 1;
  return { source, backwards, count, structuredIds: !uuidOption.hasString(), wantsStreamEnds };
}

function readSource(options: ReadReq.Options): StreamSource | AllSource {
  const [stream, all, filter] = [options.getStream(), options.getAll(), options.getFilter()];
  if (stream !== undefined) {
    if (filter !== undefined) throw invalidArgument('only reads of $all can be filtered');
    return { kind: 'stream', streamName: readStreamName(stream.getStreamIdentifier()), from: readRevision(stream) };
  }
  if (all === undefined) throw invalidArgument('a read is of a stream or of $all');
  return { kind: 'all', from: readPlace(all), filter: filter && readFilter(filter) };
}

function readRevision(options: ReadReq.Options.StreamOptions): Version | 'start' | 'end' {
  if (options.hasEnd()) return 'end';
  return options.hasRevision() ? Math.min(Number(options.getRevision()), Number.MAX_SAFE_INTEGER) : 'start';
}

function readPlace(options: ReadReq.Options.AllOptions): Place | 'start' | 'end' {
  const position = options.getPosition();
  if (options.hasEnd()) return 'end';
  if (position === undefined) return 'start';
  const [commit, prepare] = [Number(position.getCommitPosition()), Number(position.getPreparePosition())];
  // Clients write the end as the greatest place of all, too.
  return commit > Number.MAX_SAFE_INTEGER ? 'end' : { commit, prepare };
}
