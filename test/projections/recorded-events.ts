import { type EncodedEvent, encodeEvent } from '../../src/events/codec.ts';
import type { HighwaterEvent } from '../../src/events/event.ts';
import { deriveId } from '../../src/events/event-id.ts';
import type { StreamName } from '../../src/events/stream-name.ts';
import type { ProjectedEvent } from '../../src/projections/projected-event.ts';
import type { InMemoryEventLog } from '../fakes/in-memory-event-log.ts';

export const at = '2026-01-01T00:00:00.000Z';
export const metadata = { correlationId: 'correlation', causationId: 'command', actorId: 'actor', at };

/** An event as projections are told of it: the group's sixth, the log's eighth. */
export const happened = (event: HighwaterEvent): ProjectedEvent => ({
  ...{ event, metadata, groupId: 'g', version: 5, position: 7, readAt: at },
});

/** Appends events to the end of a stream of the log, encoded, or as they are where they are bytes already. */
export async function appendTo(
  log: InMemoryEventLog,
  streamName: StreamName,
  ...events: readonly (HighwaterEvent | EncodedEvent)[]
): Promise<void> {
  const version = (await log.readStreamBackwards(streamName, undefined, 1))[0]?.version ?? -1;
  const encoded = events.map((event, index) =>
    'eventId' in event ? event : encodeEvent(event, metadata, deriveId(streamName, String(version + index))),
  );
  const { kind } = await log.append(streamName, version, encoded);
  if (kind !== 'appended') throw new Error(`${streamName} was appended to by somebody else`);
}

/** Bytes that no version of Highwater can read. */
export const poison = (type = 'MessageSent', data = '{"seq":"not a number"}'): EncodedEvent => ({
  ...{ eventId: deriveId(type, data), type, data, metadata: JSON.stringify({ ...metadata, v: 1 }) },
});
