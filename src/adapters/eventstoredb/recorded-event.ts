import { isUtf8 } from 'node:buffer';
import type { ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import { parseStreamName } from '../../events/stream-name.ts';
import type { RecordedEvent } from '../../ports/event-log.ts';

/**
 * An event in one of Highwater's streams that no number is the position of: it was written in a transaction over
 * EventStoreDB's old TCP protocol, so that it shares its commit with others. To go on without it would be a gap.
 */
export class UnsupportedPosition extends Error {
  override readonly name = 'UnsupportedPosition';
}

export const isOwn = (streamName: string): boolean => parseStreamName(streamName) !== undefined;

/**
 * What the server has answered as the port has it; undefined where the answer holds no event. Data and metadata are the
 * stored bytes, never parsed: JSON that is none comes through as the text that it is, and what is not even text as binary
 * data, so that whoever decodes it halts that event's group and nothing else. Throws UnsupportedPosition.
 */
export function recordedEvent(response: ReadResp): RecordedEvent | undefined {
  const event = response.getEvent()?.getEvent();
  if (event === undefined) return undefined;
  const properties = event.getMetadataMap();
  const streamName = textOf(event.getStreamIdentifier()?.getStreamName_asU8() ?? new Uint8Array());
  // The mark of a deleted stream has the highest version that 64 bits hold.
  const version = Math.min(Number(event.getStreamRevision()), Number.MAX_SAFE_INTEGER);
  const position = Number(event.getCommitPosition());
  if ((Number(event.getPreparePosition()) !== position || !Number.isSafeInteger(position)) && isOwn(streamName)) {
    throw new UnsupportedPosition(
      `event ${version} of ${streamName} is committed at ${event.getCommitPosition()}, prepared at ${event.getPreparePosition()}`,
    );
  }
  const bytes = event.getData_asU8();
  const isJson = properties.get('content-type') === 'application/json' && isUtf8(bytes);
  return {
    eventId: event.getId()?.getString() ?? '',
    type: properties.get('type') ?? '',
    ...(isJson ? { data: textOf(bytes) } : { data: bufferOf(bytes).toString('base64'), binary: true }),
    metadata: textOf(event.getCustomMetadata_asU8()),
    streamName,
    version,
    position,
    recordedAt: millisecondsOf(properties.get('created')),
  };
}

/** The server's clock counts in ticks of 100 ns, more of them than a number holds exactly. */
const millisecondsOf = (ticks: string | undefined): number => Number(ticks?.slice(0, -4)) || 0;

const textOf = (bytes: Uint8Array): string => bufferOf(bytes).toString('utf8');

const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);
