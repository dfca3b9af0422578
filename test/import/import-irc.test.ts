import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { importIrc } from '../../src/import/import-irc.ts';
import { ImportRefused } from '../../src/import/irc-file.ts';
import { AppendUnknown, LogUnavailable } from '../../src/ports/event-log.ts';
import { failAt, type ImportStores, openImportStores, readEvents, readStory, restarted } from './import-stores.ts';

const group = 'group-irc-test';
const sample = 'samples/ubuntu-irc/2006-06-01.txt';

let stores: ImportStores;
beforeEach(async () => {
  stores = await openImportStores();
});
afterEach(() => stores.close());

/** What the group's stream says, in a line an event. */
async function told(): Promise<readonly string[]> {
  return (await readEvents(stores.log, group)).map(({ event, metadata }) => {
    const time = metadata.at.slice(11, 23);
    switch (event.type) {
      case 'MembersAdded':
        return `${time} + ${event.data.members.map(({ userId, name }) => `${userId} ${name}`).join(', ')}`;
      case 'MemberLeft':
        return `${time} - ${event.data.userId}`;
      case 'MemberRemoved':
        return `${time} - ${event.data.userId} by ${metadata.actorId}`;
      case 'MemberRenamed':
        return `${time} ~ ${event.data.userId} ${event.data.name}`;
      case 'MessageSent':
        return `${time} ${event.data.authorId} > ${event.data.text} [${event.data.mentions.join(' ')}]`;
      default:
        return `${time} ${event.type}`;
    }
  });
}

const day = `=== alice [~alice@host.example]  has joined #test
[10:00] <alice> hello
[10:00] <bob> alice: hi there
=== alice is now known as alice_away
=== carol waves
[10:02]  * alice_away reads
[10:02] <drcode>
what is this
=== mode/#test [+o bob]  by ChanServ
[10:03] <bob> alice_away, bye
=== alice_away [~alice@host.example]  has left #test []
=== bob was kicked off #test by ops (flood)
[10:03] <alice> back again
`;

describe('importing a log', () => {
  test('tells its day in the group, with who came, went, changed their nick, spoke and was spoken to', async () => {
    const { summary, problems } = await stores.run([await stores.file('2006-06-01.txt', day)]);
    expect(await told()).toEqual([
      '00:00:00.000 GroupCreated',
      '00:00:00.000 + irc-import irc-import',
      '10:00:00.000 + irc:alice alice',
      '10:00:00.001 irc:alice > hello []',
      '10:00:00.002 + irc:bob bob',
      '10:00:00.002 irc:bob > alice: hi there [irc:alice]',
      '10:00:00.003 ~ irc:alice alice_away',
      '10:00:00.004 + irc:carol carol',
      '10:00:00.004 irc:carol > * carol waves []',
      '10:02:00.000 irc:alice > * alice_away reads []',
      '10:03:00.000 irc:bob > alice_away, bye [irc:alice]',
      '10:03:00.001 - irc:alice',
      '10:03:00.002 - irc:bob by irc-import',
      '10:03:00.003 + irc:alice alice',
      '10:03:00.003 irc:alice > back again []',
    ]);
    expect(problems.map(({ line, reason }) => `${line}: ${reason}`)).toEqual([
      '7: drcode says nothing',
      '8: no line of an IRC log',
    ]);
    expect(summary).toMatchObject({
      files: 1,
      skippedFiles: 0,
      lines: 13,
      messages: 6,
      joins: 4,
      leaves: 2,
      renames: 1,
      notices: 1,
      problems: 2,
      events: 16,
      position: await stores.log.endPosition(),
    });
    expect(JSON.stringify(await readEvents(stores.log, group))).not.toContain('host.example');
  });

  test('again appends nothing, also under another name and by a fresh process', async () => {
    await stores.run([await stores.file('2006-06-01.txt', day)]);
    const end = await stores.log.endPosition();
    const copy = await stores.file('copy-of-2006-06-01.log', day);
    const { summary } = await stores.run([copy], { commands: restarted(stores.log) });
    expect(summary).toMatchObject({ files: 0, skippedFiles: 1, lines: 0, events: 0 });
    expect(await stores.log.endPosition()).toBe(end);
  });

  test('goes in the order of days, and a nick of one day is still held on the next', async () => {
    const second = await stores.file('2006-06-02.txt', '[09:00] <alice_> bob: morning\n');
    const first = await stores.file('2006-06-01.txt', '[10:00] <bob> hi\n=== alice is now known as alice_\n');
    await stores.run([second, first]);
    expect((await told()).slice(2)).toEqual([
      '10:00:00.000 + irc:bob bob',
      '10:00:00.000 irc:bob > hi []',
      '10:00:00.001 + irc:alice alice_',
      '09:00:00.000 irc:alice > bob: morning [irc:bob]',
    ]);
  });

  test('reports what the group refuses, with file and line, and goes on', async () => {
    const path = await stores.file('2006-06-01.txt', `[10:00] <a> ${'x'.repeat(8_001)}\n[10:01] <a> short\n`);
    const { problems, summary } = await stores.run([path]);
    expect(problems).toEqual([{ file: path, line: 1, reason: 'text is longer than 8000 characters' }]);
    expect(summary.messages).toBe(1);
  });

  test('takes line ends of either kind, and lines that are not UTF-8', async () => {
    const latin = Buffer.from('[10:00] <a> caf\u00e9\r\n', 'latin1');
    const path = await stores.file('2006-06-01.txt', Buffer.concat([latin, Buffer.from('[10:01] <a> caf\u00e9\r\n')]));
    await stores.run([path]);
    expect((await told()).slice(-2)).toEqual(['10:00:00.000 irc:a > café []', '10:01:00.000 irc:a > café []']);
  });

  test('refuses a file of no day and one that is not there, before it imports any', async () => {
    const good = await stores.file('2006-06-01.txt', day);
    const undated = await stores.file('notes.txt', day);
    await expect(stores.run([good, undated])).rejects.toThrow(ImportRefused);
    await expect(stores.run([good, undated])).rejects.toThrow('tell a day');
    await expect(stores.run([good, '/nowhere/2006-06-02.txt'])).rejects.toThrow('cannot be read');
    expect(await stores.log.endPosition()).toBe(-1);
    const { summary } = await stores.run([undated], { date: '2006-06-01' });
    expect(summary.messages).toBe(6);
  });

  test('refuses a group in which it may not add people', async () => {
    await stores.run([await stores.file('2006-06-01.txt', day)]);
    const next = await stores.file('2006-06-02.txt', `${day}${day}`);
    await expect(stores.run([next], { actorId: 'somebody' })).rejects.toThrow(ImportRefused);
  });
});

describe('an import that was stopped', () => {
  /** Enough for several batches, a file that ends in the middle of one, and everything that a line may come to. */
  async function files(): Promise<string[]> {
    return [sample, await stores.file('2006-06-02.txt', day), await stores.file('2006-06-03.txt', `${day}${day}`)];
  }

  async function wholeStory(): Promise<readonly unknown[]> {
    const whole = await openImportStores();
    try {
      await whole.run(await files());
      return await readStory(whole.log, group);
    } finally {
      await whole.close();
    }
  }

  // Each append of which nobody knows is settled by reading back, which takes its time.
  test('at any append, before or after it was stored, is resumed to the same stream', { timeout: 60_000 }, async () => {
    const story = await wholeStory();
    for (const stored of [false, true]) {
      for (let failing = 1; failing <= 9; failing += 1) {
        const broken = await openImportStores();
        try {
          const failure = broken.run(await files(), failAt(broken.log, failing, stored));
          await expect(failure, `append ${failing}, stored: ${stored}`).rejects.toThrow(
            stored ? AppendUnknown : LogUnavailable,
          );
          await broken.run(await files(), { commands: restarted(broken.log) });
          expect(await readStory(broken.log, group), `append ${failing}, stored: ${stored}`).toEqual(story);
        } finally {
          await broken.close();
        }
      }
    }
  });

  test('after any event of its stream is resumed to the same stream', async () => {
    const path = await stores.file('2006-06-05.txt', `${day}=== carol is now known as alice\n[10:09] <carol> new\n`);
    await stores.run([path]);
    const story = await readStory(stores.log, group);
    for (let kept = 2; kept < story.length; kept += 1) {
      const cut = await openImportStores();
      try {
        const events = (await stores.log.readStream(group, 0, kept)).map(({ eventId, type, data, metadata }) => ({
          eventId,
          type,
          data,
          metadata,
        }));
        await cut.log.append(group, -1, events);
        await cut.run([path]);
        expect(await readStory(cut.log, group), `${kept} events were there`).toEqual(story);
      } finally {
        await cut.close();
      }
    }
  });

  test('by its signal rejects with the reason, and is resumed to the same stream', async () => {
    const story = await wholeStory();
    const seed = Number(process.env['SEED'] ?? Date.now() % 100_000);
    let lines = (seed % 1_500) + 250;
    for (let runs = 0; runs < 10; runs += 1, lines += 250) {
      const stop = new AbortController();
      const onProgress = (progress: { lines: number }) => progress.lines >= lines && stop.abort(new Error('stopped'));
      const options = { commands: restarted(stores.log), onProgress, signal: stop.signal };
      await stores.run(await files(), options).catch((error) => {
        expect(error, `seed ${seed}`).toMatchObject({ message: 'stopped' });
      });
    }
    await stores.run(await files());
    expect(await readStory(stores.log, group), `seed ${seed}`).toEqual(story);
  });
});

test('every message of the sample is in the timeline, in order, once', async () => {
  await importIrc({ commands: stores.commands, log: stores.log, files: [sample], groupId: 'irc-test' });
  const expected = (await readFile(sample, 'utf8'))
    .split('\n')
    .flatMap((line) => /^\[..:..\] <[^>]+> (.*\S.*)$/.exec(line)?.[1] ?? []);
  const sent = (await readEvents(stores.log, group)).flatMap(({ event }) =>
    event.type === 'MessageSent' ? [event.data] : [],
  );
  expect(sent.map(({ seq }) => seq)).toEqual(sent.map((_, index) => index + 1));
  expect(sent.map(({ text }) => text).filter((text) => !text.startsWith('* '))).toEqual(expected);
});
