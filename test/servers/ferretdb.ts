import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buildFerretDb } from './build-ferretdb.ts';

export interface FerretDb {
  /** `mongodb://127.0.0.1:PORT/`, without a database. */
  readonly url: string;
  /** Ends it and throws its databases away. */
  stop(): Promise<void>;
  /** Ends it as a crash of the process would; its databases stay. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with the same databases. */
  restart(): Promise<void>;
}

/** A server of MongoDB's protocol, of this machine alone, in a process of its own; builds it where that was not done yet. */
export async function startFerretDb(): Promise<FerretDb> {
  const program = await buildFerretDb();
  const directory = await mkdtemp(join(tmpdir(), 'highwater-ferretdb-'));
  let running: { url: string; child: ChildProcess };
  try {
    running = await run(program, directory, '127.0.0.1:0');
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  const { url } = running;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const { child } = running;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  return {
    url,
    async stop() {
      await end('SIGKILL');
      await rm(directory, { recursive: true, force: true });
    },
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGKILL');
      running = await run(program, directory, new URL(url).host);
    },
  };
}

/** Resolves once it listens. */
async function run(program: string, directory: string, address: string): Promise<{ url: string; child: ChildProcess }> {
  // Attached: it does not outlive the process that started it, however that ends.
  const child = spawn(program, ['-attached', '-listen', address, '-directory', `${directory}/`], { stdio: 'pipe' });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-4_000);
  });
  const listening = once(createInterface(child.stdout), 'line') as Promise<[string]>;
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`FerretDB ended with ${code}: ${complaints}`);
  });
  failed.catch(() => {});
  const [url] = await Promise.race([listening, failed]);
  return { url, child };
}
