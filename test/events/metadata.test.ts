import fc from 'fast-check';
import { expect, test } from 'vitest';
import { everydayMetadata, storedMetadata } from '../../src/events/metadata.ts';
import { assertProperty } from '../fakes/assert-property.ts';

const origin = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom('x'.repeat(1_024), 'x'.repeat(1_025)),
  fc.integer(),
);
const digits = (most: number) => fc.integer({ min: 0, max: most }).map((digit) => String(digit).padStart(2, '0'));
const written = fc
  .date({ noInvalidDate: true, min: new Date('0000-01-01'), max: new Date('9999-12-31') })
  .map((at) => at.toISOString());
const moment = fc.oneof(
  written,
  fc
    .tuple(
      digits(13),
      digits(32),
      digits(25),
      digits(61),
      digits(61),
      fc.constantFrom('.123Z', 'Z', '.1Z', '.123', '.123+01:00'),
    )
    .map(([month, day, hour, minute, second, end]) => `2026-${month}-${day}T${hour}:${minute}:${second}${end}`),
  fc.constantFrom('', '2026-02-29T00:00:00.000Z', '2024-02-29T00:00:00.000Z', ' 2026-01-01T00:00:00.000Z', 7),
);
const version = fc.constantFrom(1, 2, 2 ** 31 - 1, 2 ** 31, 0, -1, 1.5, '1', null);
const most = fc.record({ correlationId: origin, causationId: origin, actorId: origin, at: moment, v: version });
const rest = fc.record(
  {
    commandDigest: fc.constantFrom('digest', 'd'.repeat(64), 'd'.repeat(65), '', 7, null, undefined),
    commandContinues: fc.constantFrom(true, false, undefined),
    other: fc.anything(),
  },
  { requiredKeys: [] },
);
const likely = fc.record({
  ...{ correlationId: fc.string(), causationId: fc.string(), actorId: fc.string() },
  ...{ at: written, v: fc.integer({ min: 1, max: 9 }) },
});
const metadata = fc.oneof(
  fc.tuple(fc.oneof(most, likely), rest).map(([some, others]) => ({ ...some, ...others })),
  fc.anything(),
);

test('what is told of metadata without the schema is what the schema makes of it', () => {
  let told = 0;
  assertProperty(
    fc.property(metadata, (value) => {
      const everyday = everydayMetadata(value);
      if (everyday === undefined) return;
      told += 1;
      const { v, ...rest } = storedMetadata.parse(value);
      expect(everyday).toEqual({ version: v, metadata: rest });
    }),
    { numRuns: 2_000 },
  );
  expect(told).toBeGreaterThan(100);
});

test('nearly all moments of a year are told without the schema', () => {
  const said = { correlationId: 'c', causationId: 'c', actorId: 'a', v: 1 };
  const days = Array.from({ length: 365 }, (_, day) =>
    new Date(Date.UTC(2026, 0, 1 + day, 23, 59, 59, 999)).toISOString(),
  );
  expect(days.filter((at) => everydayMetadata({ ...said, at }) !== undefined).length).toBe(12 * 28);
});
