import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { stop } from '../child.ts';

export interface Redis {
  readonly port: number;
  close(): Promise<void>;
}

/** Undefined where `redis-server` is on the path. */
export function whyNoRedis(): string | undefined {
  const { status } = spawnSync('redis-server', ['--version'], { stdio: 'ignore' });
  return status === 0 ? undefined : 'redis-server is not on the path (Debian: apt-get install redis-server)';
}

/** A server of its own on the loopback, in an empty directory, with every write synced to its append-only file. */
export async function startRedis(directory: string): Promise<Redis> {
  const port = await freePort();
  const child: ChildProcess = spawn(
    'redis-server',
    [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', directory],
      ...['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''],
    ],
    { stdio: 'ignore' },
  );
  for (let attempt = 0; ; attempt += 1) {
    try {
      const socket = await connectTo(port);
      socket.destroy();
      break;
    } catch (error) {
      if (attempt === 100 || child.exitCode !== null) throw new Error('redis-server did not start', { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return { port, close: () => stop(child) };
}

export async function connectTo(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return socket;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** A command in the protocol's own form (RESP 2). */
export function encodeCommand(...words: readonly (string | number)[]): string {
  const parts = words.map((word) => `$${Buffer.byteLength(String(word))}\r\n${word}\r\n`);
  return `*${words.length}\r\n${parts.join('')}`;
}

const lineFeed = 10;
const minus = 45;

/**
 * Sends commands whose replies are one line each, and waits for all of them. Replies are counted, not read, but for an
 * error, with which it rejects.
 */
export function pipeline(socket: Socket, commands: Buffer, replies: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let missing = replies;
    let isLineStart = true;
    const receive = (chunk: Buffer): void => {
      for (const byte of chunk) {
        if (isLineStart && byte === minus)
          reject(new Error(`redis answers: ${chunk.toString('latin1').slice(0, 200)}`));
        isLineStart = byte === lineFeed;
        if (isLineStart) missing -= 1;
      }
      if (missing > 0) return;
      socket.off('data', receive);
      resolve();
    };
    socket.on('data', receive);
    socket.write(commands);
  });
}
