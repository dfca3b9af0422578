import type { EncodedEvent } from '../../events/codec.ts';
import { maximumAppendBytes, noStream, type Version } from '../../ports/event-log.ts';
import { encodeAppend } from './append-encoding.ts';

/** One append, checked. */
export interface AppendRequest {
  readonly streamName: string;
  readonly expectedVersion: Version;
  /** The version of its last event, once it is stored. */
  readonly lastVersion: Version;
  readonly eventIds: readonly string[];
  /** As they are sent. */
  readonly messages: readonly Buffer[];
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Checks on this side what a server would refuse, because its refusals of malformed requests look like any unknown
 * error. Throws RangeError.
 */
export function checkedAppend(
  streamName: string,
  expectedVersion: Version,
  events: readonly EncodedEvent[],
): AppendRequest {
  if (events.length === 0) throw new RangeError('an append holds at least one event');
  if (streamName === '') throw new RangeError('a stream has a name');
  if (!Number.isSafeInteger(expectedVersion) || expectedVersion < noStream) {
    throw new RangeError(`${expectedVersion} is not a version`);
  }
  let bytes = 0;
  for (const { eventId, type, data, metadata } of events) {
    if (!uuid.test(eventId)) throw new RangeError(`${eventId} is not a UUID, as the id of an event in EventStoreDB is`);
    for (const text of [eventId, type, data, metadata]) bytes += Buffer.byteLength(text);
  }
  if (bytes > maximumAppendBytes) {
    throw new RangeError(`an append of ${bytes} bytes is above the limit of ${maximumAppendBytes} bytes`);
  }
  return {
    streamName,
    expectedVersion,
    lastVersion: expectedVersion + events.length,
    // The server writes them in this form whatever they came in.
    eventIds: events.map(({ eventId }) => eventId.toLowerCase()),
    messages: encodeAppend(streamName, expectedVersion, events),
  };
}
