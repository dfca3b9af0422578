import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readUpTo } from '../../src/events/reads.ts';
import { maximumIdLength, maximumSeq } from '../../src/events/values.ts';
import { assertProperty } from '../fakes/assert-property.ts';

const id = fc.oneof(
  fc.stringMatching(/^[\w.:@-]{1,20}$/),
  fc.string({ maxLength: 4 }),
  fc.constantFrom(
    '',
    ' ',
    'a b',
    'a\n',
    'é',
    '\u200b',
    '\u007f',
    'x'.repeat(maximumIdLength),
    'x'.repeat(maximumIdLength + 1),
  ),
  fc.integer(),
);
const upTo = fc.oneof(
  fc.integer({ min: 1, max: maximumSeq }),
  fc.constantFrom(0, -1, 1.5, maximumSeq, maximumSeq + 1, Number.NaN, Number.POSITIVE_INFINITY, '1', null, undefined),
);
const likely = fc.record({ groupId: id, userId: id, upTo, other: fc.anything() }, { requiredKeys: [] });

test('what is told of a mark without the schema is what the schema makes of it', () => {
  let told = 0;
  assertProperty(
    fc.property(fc.oneof({ weight: 4, arbitrary: likely }, fc.anything()), (value) => {
      const everyday = readUpTo.everyday?.(value);
      if (everyday === undefined) return;
      told += 1;
      expect(everyday).toEqual(readUpTo.schema.parse(value));
    }),
    { numRuns: 2_000 },
  );
  expect(told).toBeGreaterThan(100);
});

test('an everyday mark is one that the schema need not be asked about', () => {
  const mark = { groupId: 'general', userId: 'ada', upTo: 7 };
  expect(readUpTo.everyday?.({ ...mark, more: 1 })).toEqual(mark);
});
