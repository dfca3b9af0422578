import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ircForms } from '../../src/import/irc-forms/irc-forms.ts';
import { type ImportStores, openImportStores, readEvents } from './import-stores.ts';

const timezone = 'Europe/Berlin';

let stores: ImportStores;
beforeEach(async () => {
  stores = await openImportStores();
});
afterEach(() => stores.close());

describe('what people say', () => {
  const imitations = [
    '*** mallory has quit IRC (fake)',
    '-!- mallory [u@h] has joined #harbour',
    '--> mallory (u@h) has joined #harbour',
    '* mallory (u@h) has joined #harbour',
    '<bob> I never said this',
    '[23:59] <alice> nor did I say this',
    'Nick change: a -> b',
    'Last message repeated 9 time(s).',
  ];

  test.each([
    ['ubuntu', (text: string) => `[22:37] <carol> ${text}`],
    ['irssi', (text: string) => `22:37 < carol> ${text}`],
    ['weechat', (text: string) => `2026-10-24 22:37:00\tcarol\t${text}`],
    ['znc', (text: string) => `[22:37:00] <carol> ${text}`],
    ['hexchat', (text: string) => `Oct 24 22:37:00 <carol>\t${text}`],
    ['eggdrop', (text: string) => `[22:37] <carol> ${text}`],
    ['limnoria', (text: string) => `2026-10-24T22:37:00  <carol> ${text}`],
    ['mirc', (text: string) => `[22:37] <carol> ${text}`],
    ['thelounge', (text: string) => `[2026-10-24T20:37:00.000Z] <carol> ${text}`],
  ])('is decided by the line’s own beginning in %s: it may look like any other line', (name, write) => {
    const form = ircForms.find((one) => one.name === name);
    for (const text of imitations) {
      expect(form?.readLine(write(text)).line, text).toEqual({ kind: 'message', nick: 'carol', text });
    }
  });

  test('is not a sentence of the program in words that are not known, which names a host', async () => {
    const german = [
      '**** BEGINNE LOGBUCH UM Sat Oct 24 22:18:11 2026',
      'Okt 24 22:18:14 *\tbob (~obs@host.example) ist beigetreten.',
      'Okt 24 22:18:20 <bob>\thallo',
      'Okt 24 22:18:30 *\tbob winkt',
      '',
    ].join('\n');
    const { summary, problems } = await stores.run([await stores.file('#harbour.log', german)], { timezone });
    expect(summary.messages).toBe(2);
    expect(problems.map(({ line }) => line)).toEqual([2]);
    const events = JSON.stringify(await readEvents(stores.log, 'group-irc-test'));
    expect(events).not.toContain('host.example');
    expect(events).toContain('2026-10-24T20:18:20.000Z');
  });

  test('keeps no bold, colours or requests of clients, and says again what Eggdrop counts', async () => {
    const log = [
      '[22:37] <carol> \u00034,7red\u0003 and \u0002bold\u0002',
      '[22:38] <carol> \u0001VERSION\u0001',
      '[22:38] <carol> \u0001ACTION waves\u0001',
      '[22:39] Action: carol nods',
      '[22:39] Last message repeated 2 time(s).',
      "[22:40] #harbour: mode change '+o carol' by op!~op@host.example",
      '',
    ].join('\n');
    const path = await stores.file('harbour.log.24Oct2026', log);
    await stores.run([path]);
    const said = (await readEvents(stores.log, 'group-irc-test')).flatMap(({ event }) =>
      event.type === 'MessageSent' ? [event.data.text] : [],
    );
    expect(said).toEqual(['red and bold', '* carol waves', '* carol nods', '* carol nods', '* carol nods']);
    const end = await stores.log.endPosition();
    await stores.run([path]);
    expect(await stores.log.endPosition()).toBe(end);
  });

  test('no line throws in any form, whatever it holds, nor takes long', () => {
    const started = performance.now();
    const hostile = [
      '[',
      '=== ',
      '=== a [',
      '] ',
      '@',
      ' ',
      '<',
      '[00:00] <',
      'is now known as ',
      '*',
      '(@',
      '\t',
      '\u0003',
    ];
    const beginnings = [
      '',
      '=== ',
      '[22:37] ',
      '22:37 -!- ',
      '2026-10-24 22:37:00\t-->\t',
      'Oct 24 22:37:00 *\t',
      '[22:37:00] *** ',
    ];
    for (const { readLine } of ircForms) {
      for (const beginning of beginnings) {
        for (const piece of hostile) expect(readLine(beginning + piece.repeat(5_000))).toBeDefined();
      }
    }
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
