import { isUtf8 } from 'node:buffer';
import { parseStreamName } from '../../events/stream-name.ts';
import type { RecordedEvent } from '../../ports/event-log.ts';
import type { ReadAnswer } from './read-answer.ts';

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
export function recordedEvent({ event }: ReadAnswer): RecordedEvent | undefined {
  if (event === undefined) return undefined;
  const { streamName, commit: position, prepare, properties, data } = event;
  // The mark of a deleted stream has the highest version that 64 bits hold.
  const version = Math.min(event.revision, Number.MAX_SAFE_INTEGER);
  if ((prepare !== position || !Number.isSafeInteger(position)) && isOwn(streamName)) {
    throw new UnsupportedPosition(
      `event ${version} of ${streamName} is committed at ${position}, prepared at ${prepare}`,
    );
  }
  const isJson = properties['content-type'] === 'application/json' && isUtf8(data);
  return {
    eventId: event.id,
    type: properties['type'] ?? '',
    ...(isJson ? { data: data.toString() } : { data: data.toString('base64'), binary: true }),
    metadata: event.metadata.toString(),
    streamName,
    version,
    position,
    recordedAt: millisecondsOf(properties['created']),
  };
}

/** The server's clock counts in ticks of 100 ns, more of them than a number holds exactly. */
const millisecondsOf = (ticks: string | undefined): number => Number(ticks?.slice(0, -4)) || 0;
