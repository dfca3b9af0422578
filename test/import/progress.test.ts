import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import { createProgressDisplay, estimate } from '../../src/import/progress.ts';

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

describe('the progress of an import', () => {
  test('estimates the time that remains by the average rate', () => {
    expect(estimate(1_000, 5_000, 2)).toEqual({ rate: 500, remaining: 8 });
    expect(estimate(0, 5_000, 0)).toEqual({ rate: 0, remaining: 0 });
  });

  test('is not written more than once a second where nobody looks at a bar, but every problem is', async () => {
    const { stream, text } = output(false);
    const display = createProgressDisplay(stream);
    for (let lines = 0; lines < 100; lines += 1) display.progress({ file: 'a.txt', lines, totalLines: 100 });
    display.problem({ file: 'a.txt', line: 7, reason: 'bob says nothing' });
    display.stop();
    expect(await text()).toBe('a.txt:7: bob says nothing\n');
  });

  test('is a bar on a terminal, with rate and remaining time, and problems above it', async () => {
    const { stream, text } = output(true);
    const display = createProgressDisplay(stream);
    display.progress({ file: 'a.txt', lines: 50, totalLines: 100 });
    display.problem({ file: 'a.txt', line: 7, reason: 'bob says nothing' });
    display.progress({ file: 'a.txt', lines: 100, totalLines: 100 });
    display.stop();
    const shown = await text();
    expect(shown).toContain('100/100 lines');
    expect(shown).toMatch(/\d+\/s {2}\d+ s left/);
    expect(shown).toContain('a.txt:7: bob says nothing\n');
  });
});
