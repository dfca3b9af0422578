import { describe, expect, test } from 'vitest';
import { mentionsEverybody } from '../../src/commands/mention-of-all.ts';

describe('everybody is mentioned', () => {
  test.each([
    ...['@all', 'Hey @all!', 'food\n@ALL, now', '@All', '(@all)', '[@all]', '“@all”', '"@all"', "'@all'", '«@all»'],
    ...['hi,@all', 'hi:@all', '@all:', '@all…', '@all.', '@all.Please read', "@all's", '@all—now', '@all/everybody'],
    ...['**@all**', '_@all_', '__@all__', '~~@all~~', '>@all', '<@all>', '•@all', '👋@all👋', '＠all', '@all-'],
    ...['你好@all请看', '皆さん@all、', '@all님', 'สวัสดี@allครับ', '،@all؟', '\u2067@all\u2069', '@all\u200b'],
    ...['`code` @all', '```\ncode\n```\n@all', '~~~ts\ncode\n~~~\n@all', '`@all', '\\`@all\\`', '```a``` @all ```b```'],
  ])('by %j', (text) => {
    expect(mentionsEverybody(text)).toBe(true);
  });
});

describe('nobody is mentioned', () => {
  test.each([
    ...[
      '',
      'all',
      '@ all',
      '@al',
      '@allan',
      '@allô',
      '@all9',
      '@all_of',
      '@all-hands',
      '@all__x',
      '@@all',
      '@all@host',
    ],
    ...['me@all', 'me@all.example', 'me.too+x@all.example', 'é@all', '7@all', 'x_@all', 'см@all', '名@all.example'],
    ...['@all.example', 'https://example.com/@all', '/@all'],
    ...[
      '`@all`',
      '``a ` @all``',
      'see `x @all y` there',
      '```@all```',
      '```\n@all\n```',
      '```\n@all',
      '~~~\n@all\n~~~',
    ],
    ...['  ```js\n@all\n  ```', '````\n```\n@all\n````', 'text\n~~~\n```\n@all\n~~~\nmore'],
  ])('by %j', (text) => {
    expect(mentionsEverybody(text)).toBe(false);
  });

  test.each([
    ['backticks', '`a'.repeat(4_000)],
    ['runs of backticks', Array.from({ length: 120 }, (_, index) => '`'.repeat(index + 1)).join(' ')],
    ['fences', '```\n'.repeat(2_000)],
    ['fences that nothing closes', '~~~ x\n```\n'.repeat(800)],
    ['underscores', `@all${'_'.repeat(7_990)}`],
    ['underscores before it', `${'_'.repeat(7_990)}@all`],
  ])('longer than a moment is looked at %s', (_, text) => {
    const started = performance.now();
    mentionsEverybody(`${text} @all`);
    mentionsEverybody(`@all ${text}`);
    expect(performance.now() - started).toBeLessThan(500);
  });
});
