import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../src/commands/command-digest.ts';
import { asWritten, nameThatPasses, refuseName } from '../../src/commands/written-text.ts';
import { assertProperty } from '../fakes/assert-property.ts';
import { unseen } from './unseen-characters.ts';

/** Everything that the door looks at, close together. */
const piece = fc.oneof(
  fc.constantFrom(...Object.values(unseen), ' ', '\u00a0', '\u3000', '\n', 'a', 'e', '\u0301', '\u0323', '\u0308'),
  fc.constantFrom(
    '👍',
    '👩',
    '❤',
    '\u{1f3fd}',
    '1',
    '\u20e3',
    'ع',
    'ل',
    'क',
    '\u094d',
    '葛',
    '\ufa19',
    '\u1100',
    '\u1161',
  ),
  fc.constantFrom('\ud83d', '\ude00', '\u2069', '\u202c'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
);
const text = fc.string({ unit: piece, maxLength: 12 });

describe('the door', () => {
  test('changes nothing a second time', () => {
    assertProperty(
      fc.property(text, text, text, (name, words, emoji) => {
        const order = { type: 'any', name, text: words, emoji, creatorName: name, members: [{ userId: 'a', name }] };
        const once = asWritten(order);
        expect(asWritten(once)).toEqual(once);
      }),
      { numRuns: 2_000 },
    );
  });

  test('lets the same through whatever form of Unicode it comes in, as the same command', () => {
    const form = fc.constantFrom('NFC', 'NFD');
    assertProperty(
      fc.property(text, form, (given, to) => {
        const compatible = /[\uf900-\ufaff\u{2f800}-\u{2fa1f}]/u;
        fc.pre(!compatible.test(given));
        const [order, other] = [
          { type: 'SendMessage', text: given },
          { type: 'SendMessage', text: given.normalize(to) },
        ];
        expect(asWritten(other)).toEqual(asWritten(order));
        expect(digestOf(other)).toBe(digestOf(order));
      }),
      { numRuns: 2_000 },
    );
  });

  test('makes of any token’s name one that it lets through, or none', () => {
    assertProperty(
      fc.property(fc.oneof(text, fc.string({ unit: piece, minLength: 190, maxLength: 450 })), (name) => {
        const passing = nameThatPasses(name);
        if (passing === undefined) return;
        expect(refuseName('name', passing)).toBeUndefined();
        expect(nameThatPasses(passing)).toBe(passing);
      }),
      { numRuns: 2_000 },
    );
  });

  test('takes the order’s other fields as they are', () => {
    const order = {
      type: 'AddMembers',
      members: [
        { userId: 'e\u0301', role: 'admin' },
        { userId: 'b', name: 'e\u0301' },
      ],
    };
    expect(asWritten(order)).toEqual({
      type: 'AddMembers',
      members: [
        { userId: 'e\u0301', role: 'admin' },
        { userId: 'b', name: '\u00e9' },
      ],
    });
  });
});
