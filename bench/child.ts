import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/** Where a child runs: the load and what it loads are kept on different cores where there are two. */
export type Place = 'server' | 'load' | 'anywhere';

const hasTaskset = spawnSync('taskset', ['--version'], { stdio: 'ignore' }).status === 0;
/** `HIGHWATER_BENCH_PIN=0` leaves the choice of cores to the operating system. */
const isPinning = hasTaskset && availableParallelism() > 1 && process.env['HIGHWATER_BENCH_PIN'] !== '0';

export const pinning: string = isPinning
  ? `the load generator has core ${availableParallelism() - 1} to itself, the server the others`
  : 'processes are not pinned to cores';

function pinned(place: Place): readonly string[] {
  if (!isPinning || place === 'anywhere') return [];
  const last = availableParallelism() - 1;
  return ['taskset', '--cpu-list', place === 'load' ? String(last) : last === 1 ? '0' : `0-${last - 1}`];
}

/** Flags for the node of every child, to profile one: `HIGHWATER_BENCH_NODE_FLAGS='--cpu-prof'`. */
const usualFlags = (process.env['HIGHWATER_BENCH_NODE_FLAGS'] ?? '').split(' ').filter(Boolean);

/** Starts a script of bench/ or of the product on the node that runs this one. */
export function startNode(
  script: string,
  args: readonly string[],
  place: Place,
  env: NodeJS.ProcessEnv = {},
  flags: readonly string[] = usualFlags,
): ChildProcess {
  const [command = '', ...rest] = [
    ...pinned(place),
    process.execPath,
    ...flags,
    join(import.meta.dirname, script),
    ...args,
  ];
  return spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } });
}

/**
 * Runs a contestant in a process of its own and returns the JSON of its last line, so that no other's heap, compiled code or
 * threads weigh on it. What it prints before that line is its library's chatter and is dropped.
 */
export async function runContestant<Result>(
  script: string,
  options: unknown,
  place: Place = 'anywhere',
  env: NodeJS.ProcessEnv = {},
  flags: readonly string[] = usualFlags,
): Promise<Result> {
  const child = startNode(script, [JSON.stringify(options)], place, env, flags);
  const output: string[] = [];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => output.push(text));
  const [code] = (await once(child, 'close')) as [number | null];
  const last = output.join('').trimEnd().split('\n').at(-1) ?? '';
  if (code !== 0) throw new Error(`${script} ended with ${code}`);
  return JSON.parse(last) as Result;
}

/** A contestant's options, as `runContestant` gave them. */
export function contestantOptions<Options>(): Options {
  return JSON.parse(process.argv[2] ?? '{}') as Options;
}

/** A contestant's answer; its process ends at once, whatever its library still holds open. */
export function answer(result: unknown): void {
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}

/** Waits for the first line that matches, and goes on reading so that the child never waits for its reader. */
export function firstMatch(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      const found = pattern.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`the child ended with ${code} before it printed ${pattern}`)));
  });
}

/** Ends a child in order; after ten seconds without. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const cutOff = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(cutOff);
}
