import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type ProjectorThreadOptions, startProjectorThread } from '../../src/processes/projector-in-thread.ts';
import { StartRefused } from '../../src/processes/start-refused.ts';
import { CheckpointAheadOfLog } from '../../src/projections/checkpoint-ahead.ts';

const script = new URL('./programs/projector-that-ends.ts', import.meta.url);

/** What a thread is begun with whose first runs end in these ways, and what is logged of it. */
function ending(endings: readonly string[]) {
  const directory = mkdtempSync(join(tmpdir(), 'highwater-thread-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const files = { log: join(directory, 'endings'), readModels: join(directory, 'read-models.db') };
  writeFileSync(files.log, endings.join('\n'));
  const lines: { readonly level: number; readonly reason?: string; readonly msg: string }[] = [];
  const onRefused = vi.fn();
  const options: ProjectorThreadOptions = {
    files,
    script,
    onRefused,
    logger: pino({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line)) }),
    pauses: { first: 1, longest: 1 },
    resourceLimits: { maxOldGenerationSizeMb: 24 },
  };
  return { files, lines, options, onRefused };
}

test.each([
  ['throws', /^it threw$/],
  ['throws nothing', /^undefined$/],
  ['rejects', /^it rejected$/],
  ['exits', /exit code 3/],
  ['runs out of heap', /memory limit/],
  ['is silent', /exit code 0/],
])('a thread that %s is told of in one line and begun again, each time', async (how, reason) => {
  const { lines, options } = ending([how, how]);
  const projector = await startProjectorThread(options);
  await vi.waitFor(() => expect(lines).toHaveLength(2), { timeout: 10_000 });
  await vi.waitFor(() => expect(projector.state()).toBe('projecting'));
  for (const line of lines) {
    expect(line).toMatchObject({
      level: 50,
      msg: 'the projector has ended; it is started again',
      reason: expect.stringMatching(reason),
    });
  }
  await projector.stop();
  expect(projector.state()).toBe('waiting');
  expect(lines).toHaveLength(2);
});

test('a thread that cannot be made is begun again like any other', async () => {
  const { lines, options } = ending(['throws']);
  let runs = 0;
  const projector = await startProjectorThread({
    ...options,
    // The constructor of Worker throws for what is no file.
    get script() {
      runs += 1;
      return runs === 2 ? new URL('http://localhost/none.ts') : script;
    },
  });
  await vi.waitFor(() => expect(lines).toHaveLength(2));
  expect(lines[1]?.reason).toMatch(/scheme/i);
  await vi.waitFor(() => expect(projector.state()).toBe('projecting'));
  await projector.stop();
});

test.each([
  ['throws at once', script, 'it could not open'],
  ['cannot be made', new URL('http://localhost/none.ts'), /scheme/i],
  ['is not there', new URL('./programs/none.ts', import.meta.url), /none\.ts/],
])('a first thread that %s is a start that is refused', async (how, first, reason) => {
  const { lines, options } = ending([how]);
  const starting = startProjectorThread({ ...options, script: first });
  await expect(starting).rejects.toThrow(StartRefused);
  await expect(starting).rejects.toThrow(reason);
  expect(lines).toEqual([]);
});

test('read models that are corrupt are thrown away, and readers hear of it once they are there anew', async () => {
  const { files, lines, options } = ending(['finds damage', 'throws']);
  writeFileSync(files.readModels, 'damaged');
  const projector = await startProjectorThread(options);
  const found: boolean[] = [];
  projector.onRebuilt(() => found.push(existsSync(files.readModels)));
  await vi.waitFor(() => expect(lines).toHaveLength(2));
  await vi.waitFor(() => expect(projector.state()).toBe('projecting'));
  // Once, not at the start after the throw.
  expect(found).toEqual([false]);
  await projector.stop();
});

test('read models that a reader finds damaged are thrown away and built anew, once for all who find it', async () => {
  const { files, lines, options } = ending([]);
  writeFileSync(files.readModels, 'damaged');
  const projector = await startProjectorThread(options);
  const found: boolean[] = [];
  projector.onRebuilt(() => {
    found.push(existsSync(files.readModels));
    // A reader that has not opened the new file yet.
    projector.rebuild('a reader met damage');
  });
  for (let query = 0; query < 3; query += 1) projector.rebuild('a reader met damage');
  await vi.waitFor(() => expect(found).toEqual([false]));
  expect(lines).toMatchObject([{ kind: 'corrupt', reason: 'a reader met damage' }]);
  expect(projector.state()).toBe('projecting');
  await projector.stop();
  expect(found).toEqual([false]);
});

test('a listener that throws ends the thread and not the process, and is called again with the next one', async () => {
  const { lines, options } = ending(['finds damage']);
  const projector = await startProjectorThread(options);
  const listener = vi.fn().mockImplementationOnce(() => {
    throw new Error('a reader broke');
  });
  projector.onRebuilt(listener);
  await vi.waitFor(() => expect(listener).toHaveBeenCalledTimes(2));
  expect(projector.state()).toBe('projecting');
  expect(lines.map(({ reason }) => reason)).toEqual(['a page is damaged', 'a reader broke']);
  await projector.stop();
});

test('read models that are ahead of the log end it for good', async () => {
  const { lines, options, onRefused } = ending(['finds itself ahead', '']);
  const projector = await startProjectorThread(options);
  await vi.waitFor(() => expect(onRefused).toHaveBeenCalledOnce());
  expect(onRefused.mock.lastCall?.[0]).toBeInstanceOf(CheckpointAheadOfLog);
  expect(projector.state()).toBe('refused');
  expect(lines).toMatchObject([{ level: 60, msg: 'the checkpoint is ahead of the log' }]);
  await projector.stop();
});
