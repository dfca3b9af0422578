import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import { describeBuilds } from '../../src/cli/builds.ts';
import { describe as inSentences, type Rebuilt } from '../../src/cli/rebuild.ts';
import { createRebuildDisplay, describeProgress, shareOf } from '../../src/cli/rebuild-display.ts';

function output(isTTY: boolean) {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 200 });
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return {
    stream,
    text: async () => {
      stream.end();
      await finished(stream);
      return Buffer.concat(chunks).toString();
    },
  };
}

const filling = (events: number, reached: number) => ({ phase: 'filling', events, reached, end: 999 }) as const;

describe('the progress of a rebuild', () => {
  test('says how much of the log is behind, how fast, and what remains by the average', () => {
    expect(describeProgress(filling(500, 249), 2)).toBe('filling: 25 %, 500 events, 250/s, 6 s left');
    expect(describeProgress(filling(0, -1), 0)).toBe('filling: 0 %, 0 events, 0/s, 0 s left');
    expect(describeProgress({ phase: 'comparing', groups: 3, found: 5 }, 9)).toBe('comparing: 3/5 groups');
  });

  test('is whole at the end, past it, and where there is nothing to do', () => {
    expect([shareOf(filling(9, 999)), shareOf(filling(9, 2_000)), shareOf({ ...filling(0, -1), end: -1 })]).toEqual([
      1, 1, 1,
    ]);
  });

  test('is a line a second at most where nobody looks at a bar, and every notice is a line', async () => {
    const { stream, text } = output(false);
    let now = 0;
    const display = createRebuildDisplay(stream, () => now);
    for (let events = 0; events <= 1_000; events += 100) {
      display.progress(filling(events, events - 1));
      now += 300;
    }
    display.notice('a group is halted');
    display.stop();
    expect((await text()).split('\n')).toEqual([
      'filling: 40 %, 400 events, 333/s, 2 s left',
      'filling: 80 %, 800 events, 333/s, 1 s left',
      'a group is halted',
      '',
    ]);
  });

  test('is a bar on a terminal, and notices stand above it', async () => {
    const { stream, text } = output(true);
    const display = createRebuildDisplay(stream);
    display.progress(filling(500, 499));
    display.notice('a group is halted');
    display.progress({ phase: 'comparing', groups: 3, found: 3 });
    display.stop();
    const shown = await text();
    expect(shown).toMatch(/filling: 50 %, 500 events, \d+\/s, \d+ s left/);
    expect(shown).toContain('comparing: 3/3 groups');
    expect(shown).toContain('\r\x1b[Ka group is halted\n');
  });
});

describe('what has come of a rebuild', () => {
  const comparison = {
    ...{ groups: 2, rows: { group: 2, member: 5 }, checksum: 'abc', differences: [] },
    ...{ differentGroups: 0, hasMoreDifferences: false },
    neverStill: [],
  };
  const rebuilt: Rebuilt = {
    outcome: 'switched',
    build: 'new',
    before: 'old',
    events: 300,
    fillSeconds: 2,
    comparison,
    discarded: ['older'],
  };

  test('is told in sentences', () => {
    expect(inSentences(rebuilt, 3, false)).toBe(
      [
        'Build new was filled from 300 events in 2.0 s, 150/s; all took 3.0 s.',
        'Compared with build old: 2 groups, row by row (group 2, member 5); SHA-256 abc.',
        'Build new is served now. Build old is kept.',
        'Discarded: older.',
      ].join('\n'),
    );
    const first: Rebuilt = { ...rebuilt, before: undefined, comparison: undefined, discarded: [] };
    expect(inSentences(first, 2, false).split('\n').slice(1)).toEqual([
      'There is no build of this version to compare it with.',
      'Build new is served now.',
    ]);
  });

  test('lists what differs and what could not be compared', () => {
    const place = { groupId: 'g', kind: 'member', key: 'ada', before: '3', after: '4' } as const;
    const differences = [
      { ...place, field: 'markedUpTo' },
      { ...place, field: undefined, before: 'there', after: 'missing' },
    ];
    const neverStill = Array.from({ length: 12 }, (_, index) => `g-${index}`);
    const different = { ...comparison, differences, differentGroups: 70, hasMoreDifferences: true, neverStill };
    const told = inSentences({ ...rebuilt, outcome: 'different', comparison: different, discarded: [] }, 2, true);
    expect(told.split('\n').slice(2)).toEqual([
      'Not compared, as they never stood still: 12 groups (g-0, g-1, g-2, g-3, g-4, g-5, g-6, g-7, g-8, g-9, …).',
      '  group g: member ada, markedUpTo: served 3, new 4',
      '  group g: member ada: served there, new missing',
      '… and more; 70 groups differ in all.',
      'The builds differ: nothing was switched, and build new is kept.',
    ]);
  });
});

test('builds are a table, the oldest first, which says whose each is', () => {
  const build = (id: string, schemaVersion: number, served: boolean) => ({
    ...{ id, createdAt: '2026-01-01T00:00:00.000Z', schemaVersion, served },
    checkpoint: { position: 7, event: undefined },
  });
  expect(describeBuilds([build('a', 2, true), build('bcd', 3, false), build('e', 3, true)], 3)).toBe(
    [
      'BUILD  MADE                      SCHEMA  POSITION  STATE',
      'a      2026-01-01T00:00:00.000Z  2       7         served to the Highwater of schema 2',
      'bcd    2026-01-01T00:00:00.000Z  3       7         not served',
      'e      2026-01-01T00:00:00.000Z  3       7         served',
      '',
    ].join('\n'),
  );
  expect(describeBuilds([], 3)).toBe('There are no builds of the read models.\n');
});
