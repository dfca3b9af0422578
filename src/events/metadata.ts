import { z } from 'zod';
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

/** Ids of other programs' making; longer than anybody's here, short enough to stand in a log line. */
const maximumOriginLength = 1_024;
const originSchema = z.string().max(maximumOriginLength);
const maximumDigestLength = 64;

export const storedMetadata = z.object({
  correlationId: originSchema,
  causationId: originSchema,
  actorId: originSchema,
  at: momentSchema,
  commandDigest: z.string().max(maximumDigestLength).optional(),
  commandContinues: z.literal(true).optional(),
  /** The version of the data's shape. */
  v: z.int().min(1).max(maximumCount),
});

/** Metadata, and the version of the shape of the data beside it. */
export interface VersionedMetadata {
  readonly version: number;
  readonly metadata: EventMetadata;
}

/** Moments as we write them, but for the last days of a month. */
const everydayMoment = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

const isOrigin = (value: unknown): value is string => typeof value === 'string' && value.length <= maximumOriginLength;

/**
 * What the schema would make of nearly all metadata; undefined for whatever else, which the schema decides. Every event that
 * is read comes through here, and the schema takes as long as the JSON itself.
 */
export function everydayMetadata(value: unknown): VersionedMetadata | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const fields: Partial<Record<keyof z.infer<typeof storedMetadata>, unknown>> = value;
  const { correlationId, causationId, actorId, at, commandDigest, commandContinues, v: version } = fields;
  if (!isOrigin(correlationId) || !isOrigin(causationId) || !isOrigin(actorId)) return undefined;
  if (typeof at !== 'string' || !everydayMoment.test(at)) return undefined;
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1 || version > maximumCount)
    return undefined;
  if (commandContinues !== undefined) return undefined;
  if (commandDigest === undefined) return { version, metadata: { correlationId, causationId, actorId, at } };
  if (typeof commandDigest !== 'string' || commandDigest.length > maximumDigestLength) return undefined;
  return { version, metadata: { correlationId, causationId, actorId, at, commandDigest } };
}
