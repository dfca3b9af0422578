import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buildFerretDb } from './build-ferretdb.ts';
import { installPython } from './install-python.ts';

/** A server of MongoDB's protocol. */
export interface MongoServer {
  /** `mongodb://127.0.0.1:PORT/`, without a database. */
  readonly url: string;
  /** Ends it and throws its databases away. */
  stop(): Promise<void>;
  /** Ends it as a crash of the process would; its databases stay. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with the same databases. */
  restart(): Promise<void>;
}

/**
 * What stands in for MongoDB. None of them is one, and each shows something else of it:
 *
 * - FerretDB 1 knows a part of the protocol: no validators, no sessions, no retryable writes, plans that say little.
 * - SecantusDB says that it is a replica set, retries writes, validates, has accounts and fail points, and explains its
 *   plans as mongod does.
 */
export const mongoKinds = ['ferretdb', 'secantusdb'] as const;
export type MongoKind = (typeof mongoKinds)[number];

/** The program and its arguments. It prints its URL once it listens, and ends with its standard input. */
type Command = (port: number, directory: string) => readonly [string, ...string[]];

interface MongoServerOptions {
  /** It asks for credentials, and knows `root` with the password `root`. SecantusDB only. */
  readonly withAccounts?: boolean;
}

/** Each builds or installs its program where that was not done yet. */
const commands: Readonly<Record<MongoKind, (options: MongoServerOptions) => Promise<Command>>> = {
  async ferretdb() {
    const program = await buildFerretDb();
    return (port, directory) => [program, '-attached', '-listen', `127.0.0.1:${port}`, '-directory', `${directory}/`];
  },
  async secantusdb({ withAccounts = false }) {
    const sources = join(import.meta.dirname, 'secantusdb');
    const python = await installPython(join(sources, 'requirements.txt'));
    return (port, directory) => [
      ...([python, join(sources, 'serve.py'), String(port), directory] as const),
      ...(withAccounts ? ['accounts'] : []),
    ];
  },
};

/** A server for this machine alone, in a process of its own. */
export async function startMongoServer(kind: MongoKind, options: MongoServerOptions = {}): Promise<MongoServer> {
  const command = await commands[kind](options);
  const directory = await mkdtemp(join(tmpdir(), `highwater-${kind}-`));
  let running: { url: string; child: ChildProcess };
  try {
    running = await run(command(0, directory));
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  const { url } = running;
  const kill = async (): Promise<void> => {
    const { child } = running;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  return {
    url,
    async stop() {
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
    kill,
    async restart() {
      await kill();
      running = await run(command(Number(new URL(url).port), directory));
    },
  };
}

/** Resolves once it listens. */
async function run([program, ...args]: readonly [string, ...string[]]): Promise<{ url: string; child: ChildProcess }> {
  const child = spawn(program, args, { stdio: 'pipe' });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-4_000);
  });
  const listening = once(createInterface(child.stdout), 'line') as Promise<[string]>;
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`${program} ended with ${code}: ${complaints}`);
  });
  failed.catch(() => {});
  const [url] = await Promise.race([listening, failed]);
  return { url, child };
}
