import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { openHighwater } from '../../src/processes/highwater.ts';
import { createLogger } from '../../src/processes/logger.ts';

/** What cannot be held or written is refused at the start, by the command itself, in one sentence. */

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** A user without rights, for root may write everything: nobody. */
const unprivileged = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
const secret = { HIGHWATER_JWT_SECRET: 'a secret that is long enough for a start' };

/** For a process that neither ends nor listens. */
const giveUpMilliseconds = 50_000;
const patience = { timeout: 60_000 };

let root: string;
let written: string;
let taken: ReturnType<typeof createServer>;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'highwater-start-'));
  // For the user without rights to get in.
  chmodSync(root, 0o755);
  written = join(root, 'written');
  const highwater = await openHighwater(readConfig({ HIGHWATER_DATA: written }), {
    logger: createLogger({ logLevel: 'silent' }),
  });
  await highwater.close();
  taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
});

afterAll(() => {
  taken.close();
  rmSync(root, { recursive: true, force: true });
});

interface Start {
  readonly args?: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
  /** No file may grow past it, in units of 512 bytes: what is beyond fails as on a full disk. */
  readonly fileBlocks?: number;
}

/** Runs the command until it ends, or until it says where it listens, which is then its output. */
async function start(dataDirectory: string, { args, environment, fileBlocks }: Start) {
  const command = [main, ...(args ?? ['serve', '--port', '0']), '--data', dataDirectory];
  const limited = ['-c', `trap '' XFSZ; ulimit -f ${fileBlocks}; exec "$0" "$@"`, process.execPath, ...command];
  const child = spawn(
    fileBlocks === undefined ? process.execPath : '/bin/sh',
    fileBlocks === undefined ? command : limited,
    {
      ...unprivileged,
      timeout: giveUpMilliseconds,
      killSignal: 'SIGKILL',
      env: { PATH: process.env['PATH'], HIGHWATER_LOG_LEVEL: 'warn', ...environment },
    },
  );
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk) => {
    output += chunk;
    child.kill('SIGKILL');
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, output, errors };
}

/** A directory that belongs to the user without rights. */
function ownDirectory(name: string, from?: string): string {
  const directory = join(root, name);
  if (from === undefined) mkdirSync(directory);
  else cpSync(from, directory, { recursive: true });
  if (unprivileged.uid === undefined) return directory;
  for (const entry of ['.', ...readdirSync(directory, { recursive: true, encoding: 'utf8' })])
    chownSync(join(directory, entry), unprivileged.uid, unprivileged.gid);
  return directory;
}

/** One that has been run on, in which a file may only be read. */
function withReadOnly(file: string): string {
  const directory = ownDirectory(`read-only-${basename(file)}`, written);
  writeFileSync(join(directory, file), '', { flag: 'a' });
  chmodSync(join(directory, file), 0o444);
  return directory;
}

/** One in which nothing may be made. */
function closedDirectory(): string {
  const directory = mkdtempSync(join(root, 'closed-'));
  chmodSync(directory, 0o555);
  return directory;
}

interface Case extends Start {
  readonly name: string;
  readonly directory: () => string;
  readonly says: string | RegExp;
}

const anyDirectory = () => written;
const portOf = () => String((taken.address() as { port: number }).port);

const cases: readonly Case[] = [
  {
    name: 'an empty port',
    directory: anyDirectory,
    args: ['serve'],
    environment: { HIGHWATER_PORT: '' },
    says: 'HIGHWATER_PORT must be a port',
  },
  {
    name: 'a host that is none',
    directory: anyDirectory,
    environment: { HIGHWATER_HOST: 'no.such.host.invalid' },
    says: /cannot listen at no\.such\.host\.invalid, port 0: /,
  },
  {
    name: 'a connection string of EventStoreDB with a port that is none',
    directory: () => ownDirectory('event-store'),
    environment: { HIGHWATER_EVENTSTORE_URL: 'esdb://ada:hush@localhost:x', ...secret },
    says: 'HIGHWATER_EVENTSTORE_URL cannot be used: ',
  },
  {
    name: 'a connection string of EventStoreDB with an authority that is not there',
    directory: () => ownDirectory('event-store-authority'),
    environment: { HIGHWATER_EVENTSTORE_URL: 'esdb://ada:hush@localhost?tlsCAFile=/none/ca.crt', ...secret },
    says: 'HIGHWATER_EVENTSTORE_URL cannot be used: its tlsCAFile, /none/ca.crt, cannot be read: no such file',
  },
  {
    name: 'a connection string of EventStoreDB that discovers by several names',
    directory: () => ownDirectory('event-store-discovery'),
    environment: { HIGHWATER_EVENTSTORE_URL: 'kurrentdb+discover://ada:hush@a,b', ...secret },
    says: 'HIGHWATER_EVENTSTORE_URL cannot be used: kurrentdb+discover:// takes one name',
  },
  {
    name: 'a connection string of MongoDB with an unknown option',
    directory: () => ownDirectory('mongodb'),
    environment: { HIGHWATER_MONGODB_URL: 'mongodb://ada:hush@localhost/x?speed=9', ...secret },
    says: 'HIGHWATER_MONGODB_URL cannot be used: option speed is not supported',
  },
  {
    name: 'a data directory that is a file',
    directory: () => join(written, 'log.db'),
    says: /the data directory .*log\.db cannot be made: file already exists/,
  },
  {
    name: 'a missing data directory that cannot be made',
    directory: () => join(closedDirectory(), 'data'),
    says: 'cannot be made: permission denied',
  },
  {
    name: 'a data directory that cannot be written',
    directory: closedDirectory,
    says: /the data directory .*closed-.* cannot be written: permission denied/,
  },
  ...['lock', 'log.db', 'read-models/builds.lock', 'read-models/served.json'].map((file) => ({
    name: `a ${file} that may only be read`,
    directory: () => withReadOnly(file),
    environment: secret,
    says: new RegExp(`/${file} cannot be written: permission denied`),
  })),
  {
    name: 'a jwt-secret of three bytes',
    directory: () => withSecret('short-secret', 'abc'),
    says: 'short-secret/jwt-secret is no key',
  },
  {
    name: 'a disk without room for the key',
    directory: () => ownDirectory('full-key'),
    fileBlocks: 0,
    says: /the key for tokens in .*jwt-secret cannot be read or made: file too large/,
  },
  {
    name: 'a disk without room for the log',
    directory: () => ownDirectory('full-log'),
    fileBlocks: 8,
    environment: secret,
    says: /log\.db cannot be opened for writing: /,
  },
  {
    name: 'a disk without room for the read models',
    directory: () => ownDirectory('full-read-models'),
    fileBlocks: 120,
    environment: secret,
    says: /the read models' builds cannot be used: .*disk I\/O error/,
  },
];

function withSecret(name: string, content: string): string {
  const directory = ownDirectory(name);
  writeFileSync(join(directory, 'jwt-secret'), content, { mode: 0o644 });
  return directory;
}

describe.skipIf(process.platform === 'win32')('a start is refused in one sentence with exit code 1:', () => {
  test.concurrent.each(cases)('$name', patience, async ({ directory, says, ...how }) => {
    const { code, output, errors } = await start(directory(), how);
    expect({ code, output }).toEqual({ code: 1, output: '' });
    expect(errors).toMatch(/^highwater: .+\n$/);
    expect(errors).toMatch(says);
    expect(errors).not.toContain('hush');
  });

  test('a taken port', patience, async () => {
    const { code, errors } = await start(anyDirectory(), { args: ['serve', '--port', portOf()] });
    expect({ code, errors }).toEqual({
      code: 1,
      errors: `highwater: cannot listen at 127.0.0.1, port ${portOf()}: address already in use\n`,
    });
  });
});

test('a start that was refused for want of room leaves nothing in the way of the next one', patience, async () => {
  const directory = ownDirectory('full-at-first');
  expect(await start(directory, { fileBlocks: 0 })).toMatchObject({ code: 1 });
  expect(readdirSync(directory)).toEqual([]);
  expect(await start(directory, {})).toMatchObject({ output: expect.stringContaining('Highwater serves http://') });
});
