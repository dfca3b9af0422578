import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { exchange, openRaw, post, upgrade } from '../api/raw-socket.ts';
import { type ServerProcess, type StartOptions, startProcess } from './process.ts';

let dataDirectory: string;
let server: ServerProcess | undefined;

beforeEach(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), 'highwater-end-'));
});

afterEach(async () => {
  await server?.kill();
  await rm(dataDirectory, { recursive: true, force: true });
});

/** A real server whose process also runs some code of the test's own. */
async function start(code: string, options: StartOptions = {}): Promise<ServerProcess> {
  const node = ['--import', `data:text/javascript,${encodeURIComponent(code)}`];
  const environment = { HIGHWATER_LOG_LEVEL: 'debug' };
  const args = ['serve', '--data', dataDirectory, '--port', '0'];
  server = await startProcess(args, environment, { node, readErrors: true, ...options });
  return server;
}

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly err?: { readonly message: string };
  readonly origin?: string;
  readonly printed?: string;
}

/** Every line of standard error, of which each must be JSON. */
const linesOf = ({ errors }: ServerProcess): Line[] =>
  errors()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
const fatal = (process: ServerProcess) => linesOf(process).filter(({ level }) => level === 60);
const health = async (url: string) => (await fetch(`${url}/health`)).status;

it.each([
  ['uncaughtException', "setTimeout(() => { throw new Error('thrown in a timer'); })"],
  ['unhandledRejection', "void Promise.reject(new Error('thrown in a timer'))"],
])('logs an %s in one line, answers what is under way, and ends with 1', async (origin, fault) => {
  const process = await start(`process.on('SIGUSR2', () => { ${fault}; });`);
  const half = await openRaw(process.url, post('{"query":"{me{id}}"}', { expect: '100-continue' }).slice(0, -1));
  await half.until('100 Continue');
  process.child.kill('SIGUSR2');
  await vi.waitFor(() => expect(fatal(process)).toHaveLength(1));
  half.socket.write('}');
  expect((await half.ended).received).toContain('UNAUTHENTICATED');
  expect(await process.ended).toBe(1);
  expect(fatal(process)).toMatchObject([{ origin, err: { message: 'thrown in a timer' } }]);
});

it('goes on ending when errors go on', async () => {
  const process = await start("process.on('SIGUSR2', () => setInterval(() => { throw new Error('again'); }, 1));");
  process.child.kill('SIGUSR2');
  expect(await process.ended).toBe(1);
  expect(fatal(process).length).toBeGreaterThan(1);
});

it('prints nothing but lines of the log, and goes on when nobody reads them any more', async () => {
  const process = await start(`import { isMainThread } from 'node:worker_threads';
  if (!isMainThread) setInterval(() => process.emitWarning('warned in a thread'), 50).unref();
  else process.on('SIGUSR2', () => {
    process.emitWarning('something is deprecated', 'DeprecationWarning', 'DEP0');
    console.error('printed by %s', 'a library', new Error('of its own'));
    console.warn('and warned');
  });`);
  // An unmasked frame, which graphql-ws's own binding prints as a stack.
  const breakFrame = async () => {
    const { socket, until, ended } = await openRaw(process.url, upgrade());
    await until('\r\n\r\n');
    socket.write(Buffer.from([0x81, 0x01, 0x61]));
    await ended;
  };
  await breakFrame();
  process.child.kill('SIGUSR2');
  await vi.waitFor(() => expect(linesOf(process).map(({ printed }) => printed)).toContain('and warned'));
  expect(linesOf(process).map(({ err }) => err?.message)).toContain('something is deprecated');
  await vi.waitFor(() => expect(process.errors()).toContain('warned in a thread'));
  expect(linesOf(process).find(({ level }) => level === 50)?.printed).toContain(
    'printed by a library Error: of its own',
  );

  process.child.stderr?.destroy();
  process.child.stdout?.destroy();
  for (let count = 0; count < 3; count += 1) {
    process.child.kill('SIGUSR2');
    await breakFrame();
    await exchange(process.url, 'no request\r\n\r\n');
  }
  expect(await health(process.url)).toBe(200);
  process.child.kill('SIGTERM');
  expect(await process.ended).toBe(0);
});

it('goes on when it runs out of file descriptors, and takes connections again once there are some', async () => {
  const process = await start('', { before: ['sh', '-c', 'ulimit -n 120; exec "$@"', 'sh'] });
  const { hostname, port } = new URL(process.url);
  const sockets: Socket[] = [];
  let refused = 0;
  for (let count = 0; count < 300; count += 1) {
    const socket = connect(Number(port), hostname);
    sockets.push(socket);
    socket.on('error', () => {}).on('close', () => (refused += 1));
  }
  await vi.waitFor(() => expect(refused).toBeGreaterThan(100));
  for (const socket of sockets) socket.destroy();
  await vi.waitFor(async () => expect(await health(process.url).catch(() => 0)).toBe(200));
  expect(process.child.exitCode).toBeNull();
});
