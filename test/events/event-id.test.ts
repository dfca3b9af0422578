import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deriveId } from '../../src/events/event-id.ts';
import { assertProperty } from '../fakes/assert-property.ts';

test('an id derived from the same parts is the same in every version of Highwater', () => {
  expect(deriveId('group-lunch', 'ada', 'command-1', '0')).toBe('8885d5bd-6ad0-8763-95db-88a9fa47d6dd');
});

test('every derived id is a UUID of version 8', () => {
  assertProperty(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 20 }), { maxLength: 4 }), (parts) => {
      expect(deriveId(...parts)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }),
  );
});

test('parts that read the same when joined make different ids', () => {
  const ids = [deriveId('ab', 'c'), deriveId('a', 'bc'), deriveId('abc'), deriveId('a,b', 'c'), deriveId('a', 'b,c')];
  expect(new Set(ids).size).toBe(ids.length);
});
