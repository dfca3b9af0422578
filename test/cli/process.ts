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

/** Starts a `highwater` command that goes on; resolves once it says where it listens. */
export async function startProcess(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<ServerProcess> {
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...process.env, HIGHWATER_LOG_LEVEL: 'fatal', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /http:\/\/[\d.]+:\d+|esdb:\/\/[\d.]+:\d+\S*/.exec(line)?.[0];
    if (url === undefined) continue;
    child.stdout.resume();
    return {
      url,
      child,
      async kill() {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      },
    };
  }
  throw new Error('the server ended before it listened');
}
