import { z } from 'zod';
import type { EventDefinition } from './define-event.ts';
import { eventDefinitions, type HighwaterEvent } from './event.ts';
import { type EventMetadata, everydayMetadata, storedMetadata, type VersionedMetadata } from './metadata.ts';

export type { EventMetadata } from './metadata.ts';

/** An event as a store keeps it: `data` and `metadata` are JSON text. */
export interface EncodedEvent {
  readonly eventId: string;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
  /** Where `data` is not JSON, but bytes in base64. Highwater writes no such event; others may, into the same log. */
  readonly binary?: true;
}

/** A stored event whose bytes do not say what its type promises. Whoever follows the log halts the stream's group. */
export class UndecodableEvent extends Error {
  override readonly name = 'UndecodableEvent';
}

/**
 * The stored form of an event. Throws a ZodError when the event breaks its own schema: nothing that could not be read
 * again is ever written.
 */
export function encodeEvent(event: HighwaterEvent, metadata: EventMetadata, eventId: string): EncodedEvent {
  const definition = eventDefinitions.get(event.type);
  if (definition === undefined) throw new UndecodableEvent(`no definition for event type ${event.type}`);
  const { correlationId, causationId, actorId, at, commandDigest, commandContinues } = metadata;
  const command = { commandDigest, commandContinues };
  return {
    eventId,
    type: event.type,
    data: JSON.stringify(definition.schema.parse(event.data)),
    metadata: JSON.stringify(
      storedMetadata.parse({ correlationId, causationId, actorId, at, ...command, v: definition.version }),
    ),
  };
}

export interface DecodedEvent {
  readonly event: HighwaterEvent;
  readonly metadata: EventMetadata;
}

/**
 * Reads stored bytes back, through the upcasters where they are of an earlier version. Throws UndecodableEvent. What comes
 * from a stream is read by decodeRecorded, which knows what belongs there.
 */
export function decodeEvent(stored: Pick<EncodedEvent, 'type' | 'data' | 'metadata' | 'binary'>): DecodedEvent {
  if (stored.binary) throw new UndecodableEvent(`${stored.type} holds bytes instead of JSON`);
  const definition = eventDefinitions.get(stored.type);
  if (definition === undefined) throw new UndecodableEvent(`unknown event type ${stored.type}`);
  const { version, metadata } = decodeMetadata(stored.metadata, stored.type);
  const event = { type: stored.type, data: decodeData(definition, stored.data, version) };
  // The registry pairs each type with its own schema, so what the schema has accepted is that member of the union.
  return { event: event as HighwaterEvent, metadata };
}

/** Exported for the tests of the mechanism: application code decodes whole events. */
export function decodeData(definition: EventDefinition, json: string, version: number): unknown {
  if (version > definition.version) {
    throw new UndecodableEvent(
      `${definition.type} is stored in version ${version}; this Highwater knows it up to version ${definition.version}`,
    );
  }
  const data = upcastFrom(version, definition, parseJson(json, definition.type));
  const everyday = definition.everyday?.(data);
  if (everyday !== undefined) return everyday;
  const parsed = definition.schema.safeParse(data);
  if (!parsed.success) throw new UndecodableEvent(`${definition.type}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** Upcasters trust the shape of their version, so that what breaks one was not of that shape. */
function upcastFrom(version: number, { type, upcasters }: EventDefinition, stored: unknown): unknown {
  if (version > upcasters.length) return stored;
  try {
    return upcasters.slice(version - 1).reduce((data, upcast) => upcast(data as never), stored);
  } catch (error) {
    throw new UndecodableEvent(`${type}: its data is not of version ${version}`, { cause: error });
  }
}

function decodeMetadata(json: string, type: string): VersionedMetadata {
  // Whoever writes with a store's own tools need not give any.
  if (json === '') throw new UndecodableEvent(`this ${type} has no metadata, so it was not written by Highwater`);
  const value = parseJson(json, `the metadata of this ${type}`);
  const everyday = everydayMetadata(value);
  if (everyday !== undefined) return everyday;
  const parsed = storedMetadata.safeParse(value);
  if (!parsed.success) throw new UndecodableEvent(`${type}, metadata: ${z.prettifyError(parsed.error)}`);
  const { v: version, ...metadata } = parsed.data;
  return { version, metadata };
}

function parseJson(json: string, what: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new UndecodableEvent(`${what} is not JSON`, { cause: error });
  }
}
