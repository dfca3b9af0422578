import { expect, test } from 'vitest';
import { z } from 'zod';
import { decodeEvent, encodeEvent, UndecodableEvent } from '../../src/events/codec.ts';
import { eventDefinitions, type HighwaterEvent } from '../../src/events/event.ts';
import { decodedMetadata, frozenExamples, frozenMetadata } from './frozen-examples.ts';

/** What `z.toJSONSchema` says of a value, as far as it bounds it. */
interface Bounds {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly maximum?: number;
  readonly minimum?: number;
  readonly maxItems?: number;
  readonly items?: Bounds;
  readonly properties?: Readonly<Record<string, Bounds>>;
  readonly anyOf?: readonly Bounds[];
}

interface Leaf {
  readonly path: readonly (string | number)[];
  readonly bounds: Bounds;
}

function* leavesOf(bounds: Bounds, path: Leaf['path'] = []): Generator<Leaf> {
  for (const choice of bounds.anyOf ?? []) yield* leavesOf(choice, path);
  for (const [name, inner] of Object.entries(bounds.properties ?? {})) yield* leavesOf(inner, [...path, name]);
  if (bounds.items !== undefined) yield* leavesOf(bounds.items, [...path, 0]);
  if (['string', 'integer', 'number', 'array'].includes(bounds.type ?? '') && bounds.enum === undefined) {
    yield { path, bounds };
  }
}

/** A long run of letters for all but what a pattern holds to its length. */
const isHeldByPattern = ({ pattern, maxLength }: Bounds): boolean =>
  maxLength === undefined && pattern !== undefined && !new RegExp(pattern, 'u').test('a'.repeat(100_000));

function largest(bounds: Bounds, sample: unknown): unknown {
  if (bounds.type === 'array') return Array.from({ length: bounds.maxItems ?? 0 }, () => (sample as unknown[])[0]);
  if (bounds.type === 'string') return isHeldByPattern(bounds) ? sample : 'a'.repeat(bounds.maxLength ?? 0);
  return bounds.maximum;
}

function* beyond(bounds: Bounds, sample: unknown): Generator<unknown> {
  if (bounds.type === 'array') {
    yield [...(largest(bounds, sample) as unknown[]), (sample as unknown[])[0]];
  } else if (bounds.type === 'string') yield `${largest(bounds, sample)}a`;
  else yield* [(bounds.maximum ?? 0) + 1, (bounds.minimum ?? 0) - 1, 1.5, 2 ** 53, 1e308];
}

function replaced(data: unknown, [step, ...rest]: Leaf['path'], value: unknown): unknown {
  if (step === undefined) return value;
  const copy = structuredClone(data) as Record<string | number, unknown>;
  copy[step] = replaced(copy[step], rest, value);
  return copy;
}

const valueAt = (data: unknown, path: Leaf['path']): unknown =>
  path.reduce((value, step) => (value as Record<string | number, unknown>)[step], data);

const leaves = [...eventDefinitions.values()].flatMap(({ type, version, schema }) => {
  // The newest example, and one in which nothing is null.
  const example = frozenExamples.find((one) => one.event.type === type && one.version === version);
  return [...leavesOf(z.toJSONSchema(schema) as Bounds)].map((leaf) => ({
    name: `${type}.${leaf.path.join('.')}`,
    ...{ type, version, ...leaf, data: JSON.parse(example?.data ?? 'null') as unknown },
  }));
});

test('every number, string and array of every event is met', () => {
  expect(leaves.length).toBeGreaterThan(40);
  const unbounded = leaves.filter(
    ({ bounds }) =>
      ![bounds.maxLength, bounds.maximum, bounds.maxItems].some((bound) => bound !== undefined && bound < 2 ** 31) &&
      !isHeldByPattern(bounds),
  );
  expect(unbounded.map(({ name }) => name)).toEqual([]);
});

test.each(leaves)('$name holds its largest value and none beyond, read or written', (leaf) => {
  const { type, version, data, path, bounds } = leaf;
  const sample = valueAt(data, path);
  const metadata = frozenMetadata(version);
  const read = (value: unknown) => decodeEvent({ type, data: JSON.stringify(replaced(data, path, value)), metadata });
  const write = (value: unknown) =>
    encodeEvent({ type, data: replaced(data, path, value) } as HighwaterEvent, decodedMetadata, 'event-1');
  expect(valueAt(read(largest(bounds, sample)).event.data, path)).toEqual(largest(bounds, sample));
  expect(write(largest(bounds, sample)).type).toBe(type);
  for (const value of beyond(bounds, sample)) {
    expect(() => read(value)).toThrow(UndecodableEvent);
    expect(() => write(value)).toThrow(z.core.$ZodError);
  }
});

test.each(['correlationId', 'causationId', 'actorId', 'at', 'v'])('metadata’s %s is bounded too', (field) => {
  const stored = { type: 'GroupRenamed', data: '{"name":"Dinner"}' };
  const metadata = JSON.parse(frozenMetadata(1)) as Record<string, unknown>;
  const fields: Readonly<Record<string, unknown>> = { at: `2026-11-24T12:00:00.${'0'.repeat(20)}Z`, v: 2 ** 31 };
  const tooLarge = fields[field] ?? 'a'.repeat(1_025);
  const bad = JSON.stringify({ ...metadata, [field]: tooLarge });
  expect(() => decodeEvent({ ...stored, metadata: bad })).toThrow(/metadata: /);
});

test.each(['0000-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999999999Z', '2024-02-29T23:59:59Z'])(
  'the moment %s is one that a Date holds',
  (at) => {
    const metadata = frozenMetadata(1).replace(decodedMetadata.at, at);
    const { metadata: decoded } = decodeEvent({ type: 'GroupRenamed', data: '{"name":"Dinner"}', metadata });
    expect(Number.isFinite(Date.parse(decoded.at))).toBe(true);
  },
);
