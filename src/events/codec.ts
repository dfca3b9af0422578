import { z } from 'zod';
import type { EventDefinition } from './define-event.ts';
import { eventDefinitions, type HighwaterEvent } from './event.ts';
import { maximumCount, momentSchema } from './values.ts';

/**
 * Where an event came from. `actorId` is the token's subject, never an input; `correlationId` is shared by everything
 * that one request caused; `causationId` is the command's id; `at` is when the actor acted.
 *
 * Where the client chose the command's id, `commandDigest` says what the command said: the log then tells a repetition
 * of the command from another one that takes its id. `commandContinues` stands on all events of such a command but the
 * last: one that needed several appends may have been broken off between them.
 */
export interface EventMetadata {
  readonly correlationId: string;
  readonly causationId: string;
  readonly actorId: string;
  readonly at: string;
  readonly commandDigest?: string | undefined;
  readonly commandContinues?: true | undefined;
}

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

/** Ids of other programs' making; longer than anybody's here, short enough to stand in a log line. */
const originSchema = z.string().max(1_024);
const maximumDigestLength = 64;

const storedMetadata = z.object({
  correlationId: originSchema,
  causationId: originSchema,
  actorId: originSchema,
  at: momentSchema,
  commandDigest: z.string().max(maximumDigestLength).optional(),
  commandContinues: z.literal(true).optional(),
  /** The version of the data's shape. */
  v: z.int().min(1).max(maximumCount),
});

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
  const { v: version, ...metadata } = decodeMetadata(stored.metadata, stored.type);
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
  const parsed = definition.schema.safeParse(data);
  if (!parsed.success) throw new UndecodableEvent(`${definition.type}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** Upcasters trust the shape of their version, so that what breaks one was not of that shape. */
function upcastFrom(version: number, { type, upcasters }: EventDefinition, stored: unknown): unknown {
  try {
    return upcasters.slice(version - 1).reduce((data, upcast) => upcast(data as never), stored);
  } catch (error) {
    throw new UndecodableEvent(`${type}: its data is not of version ${version}`, { cause: error });
  }
}

function decodeMetadata(json: string, type: string): z.infer<typeof storedMetadata> {
  // Whoever writes with a store's own tools need not give any.
  if (json === '') throw new UndecodableEvent(`this ${type} has no metadata, so it was not written by Highwater`);
  const parsed = storedMetadata.safeParse(parseJson(json, `the metadata of this ${type}`));
  if (!parsed.success) throw new UndecodableEvent(`${type}, metadata: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function parseJson(json: string, what: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new UndecodableEvent(`${what} is not JSON`, { cause: error });
  }
}
