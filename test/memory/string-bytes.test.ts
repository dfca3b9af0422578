import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ownString, stringBytes } from '../../src/memory/string-bytes.ts';
import { assertProperty } from '../fakes/assert-property.ts';

test('a string of its own says the same, lone surrogates too', () => {
  assertProperty(fc.property(fc.string({ unit: 'binary' }), (text) => ownString(text) === text));
  expect(ownString('a\ud83d')).toBe('a\ud83d');
});

test('a character beyond Latin-1 makes a string twice as wide', () => {
  expect([stringBytes(''), stringBytes('é'.repeat(80)), stringBytes(`${'é'.repeat(79)}語`)]).toEqual([16, 96, 176]);
});
