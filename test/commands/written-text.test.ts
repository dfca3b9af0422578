import { describe, expect, test } from 'vitest';
import type { TextFault } from '../../src/commands/refusal.ts';
import { asWritten, isWrittenId, nameThatPasses, refuseName, refuseText } from '../../src/commands/written-text.ts';
import { unseen } from './unseen-characters.ts';

const faultOf = (refused: ReturnType<typeof refuseText>) =>
  refused?.refused.kind === 'bad-value' ? refused.refused.fault : undefined;
const faultOfName = (name: string) => faultOf(refuseName('name', asWritten({ name }).name));
const faultOfText = (text: string) => faultOf(refuseText(asWritten({ text }).text));

describe('what shows nothing', () => {
  test.each(Object.entries(unseen))('is neither a name nor a text: %s', (_, character) => {
    const invisible: readonly (TextFault | undefined)[] = ['invisible', 'empty'];
    for (const alone of [character, `${character} ${character}`, ` ${character}\u3000`]) {
      expect(invisible).toContain(faultOfName(alone));
      expect(invisible).toContain(faultOfText(alone));
    }
  });

  test.each(Object.entries(unseen))(
    'is not hidden in a name either, where it would make a clone: %s',
    (_, character) => {
      for (const clone of [`A${character}da`, `${character}Ada`, `Ada${character}`, `A${character}${character}da`]) {
        // What is trimmed makes no clone: it is the same name.
        if (asWritten({ name: clone }).name !== 'Ada') expect(faultOfName(clone)).toBe('hidden-characters');
        expect(nameThatPasses(clone)).toBe('Ada');
      }
    },
  );

  test.each(['\u0301', '\u0301\u0302', ' \u20dd', '\n\t', '\u2028', '\u3000'])('is %j', (text) => {
    expect(['invisible', 'empty']).toContain(faultOfText(text));
    expect(['invisible', 'empty']).toContain(faultOfName(text));
  });
});

describe('names', () => {
  test.each([
    ...[
      'Ada',
      'Ada Lovelace',
      'Zoë',
      'Łukasz',
      'O’Neil',
      '李小龙',
      'とうきょう',
      '김철수',
      'สมชาย',
      'Владимир',
      'Ελένη',
    ],
    ...['علی\u200cرضا', 'क्\u200dष', 'ശ്രീ\u200d', 'न\u0940', 'יוֹסֵף', 'مُحَمَّد', '葛\u{e0100}城', 'a', '7', '!', '🧀', '©'],
    ...[
      '👩\u200d👩\u200d👧',
      '❤\ufe0f Ada',
      '❤\ufe0e',
      '1\ufe0f\u20e3',
      '👁\u200d🗨',
      '\u{1f3f4}\u{e0067}\u{e0062}\u{e007f}',
    ],
  ])('%j is one, as it is', (name) => {
    expect(faultOfName(name)).toBeUndefined();
    expect(nameThatPasses(name)).toBe(asWritten({ name }).name);
  });

  test.each([
    ['Zoe\u0308', 'Zo\u00eb'],
    ['  Ada  ', 'Ada'],
    ['Ada\u00a0 \u2003Lovelace', 'Ada Lovelace'],
    ['\u1112\u1161\u11ab', '\ud55c'],
    // NFC would write another character, which is another name.
    ['\ufa19 e\u0301', '\ufa19 \u00e9'],
  ])('%j is written %j', (name, written) => {
    expect(asWritten({ name }).name).toBe(written);
  });

  test.each([
    ['a\u200db', 'hidden-characters'],
    ['علی\u200c\u200cرضا', 'hidden-characters'],
    ['Ada\u2028', undefined],
    ['a\nb', 'hidden-characters'],
    ['\ud800', 'ill-formed'],
    ['Ada\udc00', 'ill-formed'],
    ['x'.repeat(201), 'too-long'],
  ])('%j has the fault %s', (name, fault) => {
    expect(faultOfName(name)).toBe(fault);
  });

  test.each([
    ['', undefined],
    [' \u200b', undefined],
    ['\u202eadA', 'adA'],
    ['A\ud800da', 'A\ufffdda'],
    ['x'.repeat(4_000), 'x'.repeat(200)],
    [`${'x'.repeat(199)} y`, 'x'.repeat(199)],
    [`${'x'.repeat(199)}👩\u200d👧`, `${'x'.repeat(199)}👩`],
    ['\u200b'.repeat(10_000), undefined],
  ])('of %j that nobody can be asked to write again, %j passes', (name, passing) => {
    expect(nameThatPasses(name)).toBe(passing);
  });
});

describe('texts', () => {
  test.each([
    ...[
      'Hello',
      'a\0',
      '\x1b[1mbold',
      'می\u200cخواهم',
      'שלום\u200f!',
      '\u2067עברית\u2069 ok',
      '\u202eabc\u202c',
      '\u2069x',
    ],
    ...['👩\u200d👩\u200d👧', '❤', '.', '\u2066a \u202bb\u202c c\u2069', 'a\u200bb', '\u0940', '\ue000', '\u{1fffd}x'],
  ])('%j is one, as it is', (text) => {
    expect(faultOfText(text)).toBeUndefined();
    expect(asWritten({ text }).text).toBe(text);
  });

  test.each([
    ['a \u2067b', 'open-direction'],
    ['\u202eabc', 'open-direction'],
    ['\u2067a\u202c', 'open-direction'],
    ['\u202ba\u2069', 'open-direction'],
    ['\u2066\u2066a\u2069', 'open-direction'],
    // What closes the outer one closes the inner one with it.
    ['\u2066\u202ea\u2069', undefined],
    ['x\ud83d', 'ill-formed'],
    ['\ude00x', 'ill-formed'],
  ])('%j has the fault %s', (text, fault) => {
    expect(faultOfText(text)).toBe(fault);
  });
});

describe('ids', () => {
  test.each(['ada', 'irc:ada', 'a@b.example', 'Zo\u00eb', '李', '👍', 'm-1', '٤'])('%j is one', (id) => {
    expect(isWrittenId(id)).toBe(true);
  });

  test.each([
    '',
    'a b',
    'Zoe\u0308',
    '\u212b',
    '\ud800',
    'a'.repeat(129),
    ...Object.values(unseen).map((c) => `a${c}`),
  ])('%j is none: it could not be told from another one', (id) => {
    expect(isWrittenId(id)).toBe(false);
  });
});
