import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs the `highwater` command in a process of its own until it ends. */
export async function highwater(...args: readonly string[]): Promise<Finished> {
  const child = spawn(process.execPath, [main, ...args], { env: { ...process.env, HIGHWATER_LOG_LEVEL: 'warn' } });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output, errors };
}

export interface ServerProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** What it has printed to standard error so far, where that is not handed on. */
  errors(): string;
  /** Resolves with the exit code, or null where a signal has ended it. */
  readonly ended: Promise<number | null>;
  /** kill -9, and wait for the end. */
  kill(): Promise<void>;
}

/** Starts `highwater serve` on a free port; resolves once it says where it listens. */
export function startServerProcess(
  dataDirectory: string,
  args: readonly string[] = [],
  environment: NodeJS.ProcessEnv = {},
): Promise<ServerProcess> {
  return startProcess(['serve', '--data', dataDirectory, '--port', '0', ...args], environment);
}

export interface StartOptions {
  /** What comes before Node's own command line: a shell that sets a limit, say. */
  readonly before?: readonly string[];
  /** Options of Node's. */
  readonly node?: readonly string[];
  /** Whether standard error is read here instead of handed on. */
  readonly readErrors?: boolean;
}

/** Starts a `highwater` command that goes on; resolves once it says where it listens. */
export async function startProcess(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  { before = [], node = [], readErrors = false }: StartOptions = {},
): Promise<ServerProcess> {
  const [command = process.execPath, ...rest] = [...before, process.execPath, ...node, main, ...args];
  const child = spawn(command, rest, {
    // A test is many people at one address, and one of them may be quicker than any person.
    env: { ...process.env, HIGHWATER_LOG_LEVEL: 'fatal', HIGHWATER_RATE_LIMITS: 'off', ...environment },
    stdio: ['ignore', 'pipe', readErrors ? 'pipe' : 'inherit'],
  });
  let errors = '';
  child.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  if (child.stdout === null) throw new Error('standard output is not read');
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /http:\/\/[\d.]+:\d+|esdb:\/\/[\d.]+:\d+\S*/.exec(line)?.[0];
    if (url === undefined) continue;
    child.stdout.resume();
    return {
      url,
      child,
      errors: () => errors,
      ended,
      async kill() {
        if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
        await ended;
      },
    };
  }
  throw new Error(`the server ended before it listened ${errors}`);
}
