import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { channelOf, ImportRefused, type IrcFile, parseIrcFile, readIrcFile } from '../../src/import/irc-file.ts';
import { ircForms } from '../../src/import/irc-forms/irc-forms.ts';
import { type ImportStores, openImportStores, readEvents } from './import-stores.ts';

const samples = 'samples/irc';
const timezone = 'Europe/Berlin';

/** One conversation, over the end of summer time, as each of these has logged it. */
const programs = [
  ['znc', 'znc'],
  ['irssi', 'irssi'],
  ['irssi-daily', 'irssi'],
  ['weechat', 'weechat'],
  ['hexchat', 'hexchat'],
  ['eggdrop', 'eggdrop'],
  ['limnoria', 'limnoria'],
  ['mirc', 'mirc'],
  ['thelounge', 'thelounge'],
] as const;

async function pathsOf(folder: string): Promise<string[]> {
  const entries = await readdir(join(samples, folder), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function filesOf(folder: string): Promise<IrcFile[]> {
  const files = await Promise.all((await pathsOf(folder)).map((path) => readIrcFile(path, { timezone })));
  return files.sort((a, b) => a.begin - b.begin);
}

let stores: ImportStores;
beforeEach(async () => {
  stores = await openImportStores();
});
afterEach(() => stores.close());

interface Told {
  readonly said: readonly { readonly author: string; readonly text: string; readonly at: string }[];
  readonly people: ReadonlySet<string>;
}

/** What the group holds once the logs of one program are imported. */
async function importOf(folder: string): Promise<Told> {
  const own = await openImportStores();
  try {
    await own.run(await pathsOf(folder), { timezone });
    const events = await readEvents(own.log, 'group-irc-test');
    expect(JSON.stringify(events), 'host masks').not.toContain('host.example');
    const said = events.flatMap(({ event, metadata }) =>
      event.type === 'MessageSent' ? [{ author: event.data.authorId, text: event.data.text, at: metadata.at }] : [],
    );
    return { said, people: new Set(said.map(({ author }) => author)) };
  } finally {
    await own.close();
  }
}

/**
 * What a program has not kept of what was said, which no import brings back: bytes that are not UTF-8, escapes, spaces at
 * the end. So only what is of ASCII or was sent as UTF-8 is compared word for word, and of the rest who said it.
 */
const olderEncodings = /Köln|crème|BJ8;z|[•¶�]/;
const comparable = ({ author, text }: { author: string; text: string }): string =>
  `${author} ${olderEncodings.test(text) ? '(another encoding)' : text.replaceAll(/\s+/g, ' ').trim()}`;

describe('one conversation that nine programs have logged', () => {
  test.each(programs)('is recognised in %s’s files, as a form of %s', async (folder, form) => {
    const files = await filesOf(folder);
    expect(new Set(files.map((file) => file.form.name))).toEqual(new Set([form]));
    for (const file of files) {
      const channel = channelOf(file);
      expect(channel).toBe('#harbour');
      expect(JSON.stringify(parseIrcFile(file)), 'host masks').not.toContain('host.example');
    }
  });

  test('counts in ZNC’s as whoever staged it counted', async () => {
    const kinds = new Map<string, number>();
    for (const file of await filesOf('znc')) {
      for (const { line } of parseIrcFile(file).lines) kinds.set(line.kind, (kinds.get(line.kind) ?? 0) + 1);
    }
    // 255 messages and one notice to the channel; 13 parts and 23 quits; 8 modes and 3 topics.
    expect(Object.fromEntries(kinds)).toEqual({
      message: 256,
      action: 19,
      join: 36,
      leave: 36,
      rename: 6,
      kick: 2,
      notice: 11,
    });
  });

  test.each(programs.slice(1))(
    'is of the same people, words, order and minutes in %s’s as in ZNC’s',
    async (folder) => {
      const [reference, other] = [await importOf('znc'), await importOf(folder)];
      expect([...other.people].sort()).toEqual([...reference.people].sort());
      expect(other.said.map(comparable)).toEqual(reference.said.map(comparable));
      const apart = other.said.map(({ at }, index) =>
        Math.abs(Date.parse(at) - Date.parse(reference.said[index]?.at ?? '')),
      );
      // Most show minutes only, and those who logged were a second apart.
      expect(Math.max(...apart)).toBeLessThan(62_000);
    },
  );
});

test('stamps that name their zone are moments, whatever the zone is said to be', async () => {
  const [path = ''] = await pathsOf('irssi-iso');
  const [inBerlin, inTokyo] = await Promise.all(
    ['Europe/Berlin', 'Asia/Tokyo'].map(
      async (zone) => parseIrcFile(await readIrcFile(path, { timezone: zone })).lines,
    ),
  );
  const { lines } = await readIrcFile(path);
  const apart = lines.flatMap((line, index) => {
    if (!/^\d{4}-/.test(line)) return [];
    const shown = Date.parse(`${line.slice(0, 22)}:${line.slice(22, 24)}`);
    return Math.abs((inBerlin?.[index]?.at ?? Number.NaN) - shown);
  });
  expect(apart.length).toBeGreaterThan(150);
  expect(Math.max(...apart)).toBeLessThan(1_000);
  expect(inTokyo).toEqual(inBerlin);
});

describe('a file that is none of these', () => {
  test.each([
    ['notes', 'milk\neggs\nbread\n'],
    ['a server’s own log', '2026-10-24 22:18:07 INFO started\n2026-10-24 22:18:08 WARN slow\n'],
    ['a table', 'time,nick,text\n22:18,alice,hello\n22:19,bob,hi\n'],
    ['nothing', ''],
    ['bytes', Buffer.from(Array.from({ length: 4_096 }, (_, index) => (index * 7) % 256))],
  ])('%s is refused, with what was tried, and is not remembered', async (_, content) => {
    const path = await stores.file('2026-10-24.log', content);
    const refusal = stores.run([path]);
    await expect(refusal).rejects.toThrow(ImportRefused);
    await expect(refusal).rejects.toThrow(/Tried: .*irssi.*The Lounge/);
    expect(await stores.log.endPosition()).toBe(-1);
  });

  test('is refused also where its form is said: nothing in it can be read', async () => {
    const path = await stores.file('2026-10-24.log', 'milk\neggs\n');
    for (const { name } of ircForms) {
      await expect(stores.run([path], { format: name }), name).rejects.toThrow('nothing in it can be read');
    }
    expect(await stores.log.endPosition()).toBe(-1);
  });

  test('a form, a zone and a day that are none are refused', async () => {
    const path = await stores.file('2026-10-24.log', '[10:00] <alice> hello\n');
    await expect(stores.run([path], { format: 'mutt' })).rejects.toThrow('mutt is no form that is known here');
    await expect(stores.run([path], { timezone: 'Mars/Olympus' })).rejects.toThrow('Mars/Olympus is no time zone');
    const undated = await stores.file('harbour.log', '[10:00] <alice> hello\n');
    await expect(stores.run([undated], { date: '2026-02-30' })).rejects.toThrow('2026-02-30 is no day');
    await expect(stores.run([undated])).rejects.toThrow('tell a day');
  });
});
