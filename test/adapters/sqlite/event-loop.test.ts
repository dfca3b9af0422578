import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as roundOfTheLoop } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSqliteEventLog } from '../../../src/adapters/sqlite/event-log.ts';
import type { EventLog } from '../../../src/ports/event-log.ts';

const pages = 12;
const pageSize = 1_000;
let directory: string;
let log: EventLog;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'highwater-loop-'));
  log = await openSqliteEventLog({ file: join(directory, 'log.db') });
  const data = JSON.stringify({ text: 'x'.repeat(600) });
  for (let page = 0; page < pages; page += 1) {
    const events = Array.from({ length: pageSize }, (_, index) => {
      return { eventId: `${page}-${index}`, type: 'MessageSent', data, metadata: '{}' };
    });
    await log.append('group-g', page * pageSize - 1, events);
  }
});

afterEach(async () => {
  await log.close();
  await rm(directory, { recursive: true });
});

/** How often the event loop goes round until it is done. */
async function roundsUntil(done: Promise<unknown>): Promise<number> {
  let [rounds, ended] = [0, false];
  void done.finally(() => {
    ended = true;
  });
  while (!ended) {
    await roundOfTheLoop();
    rounds += 1;
  }
  return rounds;
}

async function readThrough(): Promise<number> {
  let from = 0;
  for (;;) {
    const page = await log.readStream('group-g', from, pageSize);
    from += page.length;
    if (page.length < pageSize) return from;
  }
}

it('whoever reads a stream page after page lets the event loop go round between them', async () => {
  expect(await roundsUntil(readThrough())).toBeGreaterThanOrEqual(pages);
});

it('so do many who read at once: together they read no more in a round than one', async () => {
  const readers = Array.from({ length: 5 }, readThrough);
  expect(await roundsUntil(Promise.all(readers))).toBeGreaterThanOrEqual(5 * pages);
  expect(await Promise.all(readers)).toEqual(readers.map(() => pages * pageSize));
});
