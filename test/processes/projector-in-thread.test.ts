import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type ProjectorThreadOptions, startProjectorThread } from '../../src/processes/projector-in-thread.ts';
import { StartRefused } from '../../src/processes/start-refused.ts';
import { CheckpointNotInLog } from '../../src/projections/checkpoint-in-log.ts';

const script = new URL('./programs/projector-that-ends.ts', import.meta.url);

/** What a thread is begun with whose first runs end in these ways, and what is logged of it. */
function ending(endings: readonly string[]) {
  const directory = mkdtempSync(join(tmpdir(), 'highwater-thread-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(join(directory, 'endings'), endings.join('\n'));
  const lines: { readonly level: number; readonly reason?: string; readonly msg: string }[] = [];
  const onRefused = vi.fn();
  const options: ProjectorThreadOptions = {
    dataDirectory: directory,
    script,
    onRefused,
    logger: pino({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line)) }),
    pauses: { first: 1, longest: 1 },
    resourceLimits: { maxOldGenerationSizeMb: 24 },
  };
  return { lines, options, onRefused };
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
  await vi.waitFor(() => expect(projector.state()).toBe('projecting'), { timeout: 10_000 });
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
  await vi.waitFor(() => expect(lines).toHaveLength(2), { timeout: 10_000 });
  expect(lines[1]?.reason).toMatch(/scheme/i);
  await vi.waitFor(() => expect(projector.state()).toBe('projecting'), { timeout: 10_000 });
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

test('a listener that throws is a line of the log: the thread goes on, and the others are called', async () => {
  const { lines, options } = ending(['throws']);
  const projector = await startProjectorThread(options);
  const others = vi.fn();
  projector.onServing(() => {
    throw new Error('a reader broke');
  });
  projector.onServing(others);
  await vi.waitFor(() => expect(others).toHaveBeenCalled(), { timeout: 10_000 });
  expect(projector.state()).toBe('projecting');
  expect(lines.map(({ msg }) => msg)).toEqual([
    'the projector has ended; it is started again',
    'something that is told of the projector has thrown',
  ]);
  await projector.stop();
});

test('read models of another log end it for good', async () => {
  const { lines, options, onRefused } = ending(['finds another log', '']);
  const projector = await startProjectorThread(options);
  await vi.waitFor(() => expect(onRefused).toHaveBeenCalledOnce());
  expect(onRefused.mock.lastCall?.[0]).toBeInstanceOf(CheckpointNotInLog);
  expect(projector.state()).toBe('refused');
  expect(lines).toMatchObject([{ level: 60, msg: 'the read models are of another log' }]);
  await projector.stop();
});
