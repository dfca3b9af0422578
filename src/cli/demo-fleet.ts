import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Several processes on the same servers, as in production. */
export interface Fleet {
  /** Where the API processes listen. */
  readonly urls: readonly string[];
  stop(): Promise<void>;
}

const main = join(dirname(dirname(fileURLToPath(import.meta.url))), 'main.ts');
const roles = ['projector', 'api', 'api'] as const;

/** Starts a projector and two API processes with this process's environment and the given key for tokens. */
export async function startFleet(jwtSecret: string): Promise<Fleet> {
  const children: ChildProcess[] = [];
  const stop = async () => {
    const running = children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    const ended = running.map((child) => once(child, 'exit'));
    for (const child of running) child.kill('SIGTERM');
    await Promise.all(ended);
  };
  try {
    const starting = roles.map((role) => {
      const child = spawn(process.execPath, [main, 'serve', '--role', role, '--port', '0'], {
        env: { ...process.env, HIGHWATER_JWT_SECRET: jwtSecret, HIGHWATER_LOG_LEVEL: 'warn' },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      children.push(child);
      return urlOf(child, role);
    });
    const [, ...urls] = await Promise.all(starting);
    return { urls, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Where a process listens, as it says itself. */
async function urlOf({ stdout }: ChildProcess, role: string): Promise<string> {
  if (stdout === null) throw new Error('the process has no standard output');
  for await (const line of createInterface({ input: stdout })) {
    const url = /http:\/\/\S+?:\d+/.exec(line)?.[0];
    if (url === undefined) continue;
    // What it says later must not fill the pipe.
    stdout.resume();
    return url;
  }
  throw new Error(`the ${role} process ended before it listened`);
}
