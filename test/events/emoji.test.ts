import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeEvent } from '../../src/events/codec.ts';
import { canonicalEmoji, isEmoji } from '../../src/events/emoji.ts';
import { assertProperty } from '../fakes/assert-property.ts';
import { frozenMetadata } from './frozen-examples.ts';

/** Each as it is to be stored, and other ways to write it. */
const emojis: readonly (readonly [string, ...string[]])[] = [
  ['\u2764\ufe0f', '\u2764', '\u2764\ufe0e'],
  ['\u{1f44d}', '\u{1f44d}\ufe0f'],
  ['\u{1f44d}\u{1f3fd}', '\u{1f44d}\ufe0f\u{1f3fd}'],
  ['\u261d\u{1f3fd}', '\u261d\ufe0f\u{1f3fd}'],
  ['1\ufe0f\u20e3', '1\u20e3'],
  ['\u{1f1e8}\u{1f1ed}'],
  ['\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}'],
  ['\u{1f468}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466}'],
  ['\u{1f3f3}\ufe0f\u200d\u{1f308}', '\u{1f3f3}\u200d\u{1f308}'],
  ['\u{1f441}\ufe0f\u200d\u{1f5e8}\ufe0f', '\u{1f441}\u200d\u{1f5e8}', '\u{1f441}\ufe0f\u200d\u{1f5e8}'],
  ['\u26f9\u{1f3fd}\u200d\u2640\ufe0f', '\u26f9\u{1f3fd}\u200d\u2640'],
  ['\u{1f469}\u200d\u2764\ufe0f\u200d\u{1f48b}\u200d\u{1f468}', '\u{1f469}\u200d\u2764\u200d\u{1f48b}\u200d\u{1f468}'],
  ['\u00a9\ufe0f', '\u00a9'],
];

describe('an emoji', () => {
  test.each(emojis)('is one in all its ways: %s', (emoji, ...others) => {
    expect(isEmoji(emoji)).toBe(true);
    for (const written of [emoji, ...others]) expect(canonicalEmoji(written)).toBe(emoji);
  });

  test('of another skin tone is another one', () => {
    const tones = ['', '\u{1f3fb}', '\u{1f3fc}', '\u{1f3fd}', '\u{1f3fe}', '\u{1f3ff}'];
    expect(new Set(tones.map((tone) => canonicalEmoji(`\u{1f44d}${tone}`))).size).toBe(6);
  });

  test.each([
    '',
    'a',
    '1',
    '#',
    ':party:',
    '\u{1f1e8}',
    '\u{1f44d}\u{1f44d}',
    '\u{1f469}\u{1f469}',
    '\u200d',
    '\ufe0f',
  ])('is not %j, which stays as it is', (text) => {
    expect(canonicalEmoji(text)).toBe(text);
    expect(isEmoji(text)).toBe(false);
  });

  test('has the form of its form', () => {
    const piece = fc.constantFrom(...emojis.flat().flatMap((written) => [...written]), 'a', ' ');
    assertProperty(
      fc.property(fc.string({ unit: piece, maxLength: 8 }), (text) => {
        expect(canonicalEmoji(canonicalEmoji(text))).toBe(canonicalEmoji(text));
      }),
    );
  });

  test('is read in its one form from a log that holds another, and what is none as it is', () => {
    const stored = (emoji: string) => ({
      type: 'ReactionAdded',
      data: JSON.stringify({ messageId: 'm-1', seq: 1, userId: 'ada', emoji }),
      metadata: frozenMetadata(1),
    });
    expect(decodeEvent(stored('\u2764')).event.data).toMatchObject({ emoji: '\u2764\ufe0f' });
    expect(decodeEvent(stored(':party:')).event.data).toMatchObject({ emoji: ':party:' });
  });
});
