import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A connection on which anything at all may be sent. */
export interface RawSocket {
  readonly socket: Socket;
  /** Everything received so far. */
  received(): string;
  /** Resolves with everything received once it holds the text. Rejects when the connection ends before. */
  until(text: string): Promise<string>;
  /** Resolves with everything received once the server has ended the connection, and says how. */
  readonly ended: Promise<{ readonly received: string; readonly reset: boolean }>;
}

/** Opens a connection to the server of a URL and sends the bytes. */
export async function openRaw(url: string, bytes: string | Buffer): Promise<RawSocket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  const ended = Promise.withResolvers<{ received: string; reset: boolean }>();
  let received = '';
  let waiting: (() => void)[] = [];
  const tell = () => {
    for (const look of waiting) look();
  };
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
    tell();
  });
  const finish = (reset: boolean) => {
    ended.resolve({ received, reset });
    tell();
  };
  socket.on('error', () => finish(true));
  socket.on('end', () => {
    socket.end();
    finish(false);
  });
  await once(socket, 'connect');
  socket.write(bytes, 'latin1');
  return {
    socket,
    received: () => received,
    ended: ended.promise,
    until: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!received.includes(text) && !socket.readableEnded && !socket.errored) return;
          waiting = waiting.filter((other) => other !== look);
          if (received.includes(text)) resolve(received);
          else reject(new Error(`the connection ended with ${JSON.stringify(received)}`));
        };
        waiting.push(look);
        look();
      }),
  };
}

/** What a server answers before it ends the connection. */
export async function exchange(url: string, bytes: string | Buffer): Promise<string> {
  const { ended } = await openRaw(url, bytes);
  const { received, reset } = await ended;
  return reset ? `${received}RESET` : received;
}

const handshake = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-key': Buffer.alloc(16).toString('base64'),
  'sec-websocket-version': '13',
  'sec-websocket-protocol': 'graphql-transport-ws',
};

/** The bytes of an upgrade, of which headers may be others (undefined leaves one out). */
export function upgrade(target = '/graphql', headers: Record<string, string | undefined> = {}): string {
  const all = Object.entries({ host: 'localhost', ...handshake, ...headers });
  const lines = all.flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  return [`GET ${target} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}

/** The bytes of a POST of JSON. */
export function post(body: string, headers: Record<string, string> = {}): string {
  const all = {
    host: 'localhost',
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`POST /graphql HTTP/1.1`, ...lines, '', body].join('\r\n');
}
