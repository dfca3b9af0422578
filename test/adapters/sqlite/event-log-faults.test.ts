import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openSqliteEventLog } from '../../../src/adapters/sqlite/event-log.ts';
import { AppendUnknown, LogUnavailable, noStream, startOfLog } from '../../../src/ports/event-log.ts';
import { appendedAt, marks, stored } from '../../contract/event-log-samples.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const program = (name: string): string => join(import.meta.dirname, 'programs', name);

test('after kill -9 nothing acknowledged is lost and nothing is there twice', { timeout: 60_000 }, async () => {
  const file = join(temporaryDirectory(), 'log.db');
  const seed = Date.now();
  console.info(`kill -9: seed ${seed}`);
  const acknowledged: string[] = [];
  for (const lines of fc.sample(fc.integer({ min: 1, max: 600 }), { seed, numRuns: 6 })) {
    const child = spawn(process.execPath, [program('append-in-a-loop.ts'), file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let left = lines;
    // What the pipe still holds when the child is dead was acknowledged as well.
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged.push(line);
      left -= 1;
      if (left === 0) child.kill('SIGKILL');
    }
    await expectHolds(file, acknowledged);
  }
});

// There is no limit on the size of a file on Windows. It makes a write to the WAL fail as a full or broken disk does.
test.skipIf(process.platform === 'win32')(
  'when the disk fails at the commit, its appends are unknown, the log stops, and a restart has all that was acknowledged',
  { timeout: 60_000 },
  async () => {
    const file = join(temporaryDirectory(), 'log.db');
    const command = `ulimit -f 2048; exec "$0" "$1" "$2"`;
    const child = spawn('sh', ['-c', command, process.execPath, program('append-in-a-loop.ts'), file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) lines.push(line);
    const failures = lines.filter((line) => line.startsWith('failed '));
    // Appends that were sent before the failure was known are told that they were not stored.
    expect(failures).toContain('failed AppendUnknown');
    expect(failures.slice(0, 8).every((line) => /AppendUnknown|LogUnavailable/.test(line))).toBe(true);
    expect(failures.at(8)).toBe('failed LogUnavailable');
    await expectHolds(file, lines.slice(0, -9));
  },
);

// Windows does not let go of the name of an open file.
test.skipIf(process.platform === 'win32').each(['log.db', 'log.db-wal'])(
  'when %s is removed or replaced beneath it, the log acknowledges nothing more, and stops',
  async (name) => {
    const directory = temporaryDirectory();
    const log = await openSqliteEventLog({ file: join(directory, 'log.db') });
    await log.append('group-a', noStream, marks(0, 1));
    await log.append('group-a', 0, marks(1, 1));
    expect(log.appendsRefused()).toBeUndefined();
    renameSync(join(directory, name), join(directory, 'elsewhere'));
    await expect(log.append('group-a', 1, marks(2, 1))).rejects.toThrow(AppendUnknown);
    writeFileSync(join(directory, name), '');
    await expect(log.append('group-a', 2, marks(3, 1))).rejects.toThrow(LogUnavailable);
    expect(log.appendsRefused()).toMatch(/stopped.*removed or replaced/);
    expect((await log.readAll(startOfLog, 10)).length).toBeGreaterThan(1);
    await log.close();
  },
);

test('when the file is full before the commit, nothing is stored, the log stops, and reading goes on', async () => {
  const file = join(temporaryDirectory(), 'log.db');
  const log = await openSqliteEventLog({ file, maximumPageCount: 40 });
  await log.append('group-a', noStream, marks(0, 10));
  const together = [
    log.append('group-b', noStream, marks(0, 1)),
    log.append('group-c', noStream, marks(0, 1_000)),
    log.append('group-a', 9, marks(10, 1)),
  ];
  for (const result of await Promise.allSettled(together)) {
    expect(result).toMatchObject({ status: 'rejected', reason: expect.any(LogUnavailable) });
  }
  await expect(log.append('group-a', 9, marks(10, 1))).rejects.toThrow(/stopped.*full/);
  expect(log.appendsRefused()).toMatch(/stopped.*full/);
  expect(await stored(log, 'group-a')).toEqual(marks(0, 10));
  await log.close();

  const reopened = await openSqliteEventLog({ file });
  expect((await reopened.readAll(startOfLog, 100)).map(({ streamName }) => streamName)).toEqual(
    Array.from({ length: 10 }, () => 'group-a'),
  );
  expect(appendedAt(await reopened.append('group-a', 9, marks(10, 1))).position).toBe(10);
  await reopened.close();
});

test('when the writer dies after its commit, the append is unknown, followers see it, and a retry finds it', async () => {
  const file = join(temporaryDirectory(), 'log.db');
  const writerScript = new URL('./programs/writer-that-dies.ts', import.meta.url);
  const log = await openSqliteEventLog({ file, writerScript });
  const follower = log.subscribe(startOfLog, new AbortController().signal)[Symbol.asyncIterator]();
  await follower.next();
  await expect(log.append('group-a', noStream, marks(0, 2))).rejects.toThrow(AppendUnknown);
  await expect(log.append('group-a', noStream, marks(0, 2))).rejects.toThrow(/the writer died/);
  await expect(log.append('group-b', noStream, marks(0, 2))).rejects.toThrow(LogUnavailable);
  expect((await follower.next()).value?.events).toHaveLength(2);
  await log.close();

  const reopened = await openSqliteEventLog({ file });
  expect(appendedAt(await reopened.append('group-a', noStream, marks(0, 2))).version).toBe(1);
  expect(await stored(reopened, 'group-a')).toEqual(marks(0, 2));
  await reopened.close();
});

test.each([
  ['throws', /it threw/],
  ['rejects', /it rejected/],
  ['exits', /ended/],
  ['runs out of heap', /memory limit/],
  ['answers short', /a reply is short/],
])(
  'a writer that %s leaves no append without an answer, and the log says that it takes no more',
  async (how, reason) => {
    const file = join(temporaryDirectory(), how);
    await (await openSqliteEventLog({ file })).close();
    const writerScript = new URL('./programs/writer-that-ends.ts', import.meta.url);
    const log = await openSqliteEventLog({ file, writerScript, writerLimits: { maxOldGenerationSizeMb: 24 } });
    const pending = [log.append('group-a', noStream, marks(0, 1)), log.append('group-b', noStream, marks(0, 1))];
    for (const result of await Promise.allSettled(pending)) {
      expect(result).toMatchObject({ status: 'rejected', reason: expect.any(AppendUnknown) });
    }
    expect(log.appendsRefused()).toMatch(reason);
    await expect(log.append('group-b', noStream, marks(0, 1))).rejects.toThrow(LogUnavailable);
    expect(await log.readAll(startOfLog, 10)).toEqual([]);
    await log.close();
  },
);

test('while somebody else holds the write lock appends are unavailable, and afterwards they succeed', async () => {
  const file = join(temporaryDirectory(), 'log.db');
  const log = await openSqliteEventLog({ file });
  const other = new DatabaseSync(file);
  other.exec('BEGIN IMMEDIATE');
  await expect(log.append('group-a', noStream, marks(0, 1))).rejects.toThrow(LogUnavailable);
  expect(log.appendsRefused()).toBeUndefined();
  other.exec('ROLLBACK');
  other.close();
  expect((await log.append('group-a', noStream, marks(0, 1))).kind).toBe('appended');
  await log.close();
});

test('two writers on one file, though they should not be, keep versions and positions right', async () => {
  const file = join(temporaryDirectory(), 'log.db');
  const [one, two] = [await openSqliteEventLog({ file }), await openSqliteEventLog({ file })];
  let [writer, other] = [one, two];
  for (let version = 0; version < 20; version += 1) {
    const result = await writer.append('group-a', version - 1, marks(version, 1));
    expect(result).toEqual({ kind: 'appended', version, position: version });
    // What the other one remembers of the stream and of the log is now out of date.
    const stale = await other.append('group-a', version - 1, marks(100, 1));
    expect(stale).toEqual({ kind: 'conflict', actualVersion: version });
    [writer, other] = [other, writer];
  }
  expect(await stored(one, 'group-a')).toEqual(marks(0, 20));
  await Promise.all([one.close(), two.close()]);
});

test('a process that has opened a reader and does not follow ends by itself', async () => {
  const file = join(temporaryDirectory(), 'log.db');
  await (await openSqliteEventLog({ file })).close();
  const child = spawn(process.execPath, [program('open-reader-and-leave.ts'), file], { stdio: 'inherit' });
  expect(await once(child, 'exit')).toEqual([0, null]);
});

/** Every acknowledged version stands at its position; versions and positions have no gap; no event is there twice. */
async function expectHolds(file: string, acknowledged: readonly string[]): Promise<void> {
  const log = await openSqliteEventLog({ file });
  const events = await log.readAll(startOfLog, Number.POSITIVE_INFINITY);
  await log.close();
  const held = new Set(events.map(({ streamName, version, position }) => `${streamName} ${version} ${position}`));
  expect(acknowledged.length).toBeGreaterThan(0);
  expect(acknowledged.filter((line) => !held.has(line))).toEqual([]);
  expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(events.length);
  expect(events.map(({ position }) => position)).toEqual(events.map((_, index) => index));
  for (const streamEvents of Map.groupBy(events, ({ streamName }) => streamName).values()) {
    expect(streamEvents.map(({ version }) => version)).toEqual(streamEvents.map((_, index) => index));
  }
}
