import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import { type Logger, pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { openRaw, upgrade } from './raw-socket.ts';
import { type Person, type RunningServer, startTestServer } from './running-server.ts';

let server: RunningServer;
let ada: Person;
/** So that one person's token is good on every server here. */
const sameKey = { HIGHWATER_JWT_SECRET: 'a key of these tests and of nothing else' };

interface Line {
  readonly level: number;
  readonly msg: string;
}

function readableLogger(): [lines: Line[], logger: Logger] {
  const lines: Line[] = [];
  const destination = new Writable({
    write(line, _encoding, done) {
      lines.push(JSON.parse(String(line)));
      done();
    },
  });
  return [lines, pino({ level: 'trace' }, destination)];
}

const [lines, logger] = readableLogger();

beforeAll(async () => {
  server = await startTestServer({ logger, limits: { initMilliseconds: 300 }, environment: sameKey });
  ada = await server.person('ada');
});

afterAll(async () => {
  await server.stop();
  // Whatever a client does is no news for whoever watches the process.
  expect(lines.filter(({ level }) => level > 30)).toEqual([]);
});

const init = () => JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${ada.token}` } });
const subscribe = (id: string, query = '{ me { id } }') =>
  JSON.stringify({ id, type: 'subscribe', payload: { query } });

/** A frame of a client, masked with zeros. */
function frame(opcode: number, payload: string | Buffer, { final = true, masked = true } = {}): Buffer {
  const bytes = Buffer.from(payload);
  const length =
    bytes.length < 126 ? Buffer.from([bytes.length]) : Buffer.from([126, bytes.length >> 8, bytes.length & 255]);
  length[0] = (length[0] ?? 0) | (masked ? 0x80 : 0);
  return Buffer.concat([Buffer.from([(final ? 0x80 : 0) | opcode]), length, Buffer.alloc(masked ? 4 : 0), bytes]);
}

/** Opens a socket, sends what is given, and resolves with the code and the reason that it is closed with. */
async function closedWith(send: (socket: WebSocket) => void | Promise<void>, protocol = 'graphql-transport-ws') {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, protocol === '' ? [] : [protocol]);
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.once('close', (code, reason) => resolve({ code, reason: String(reason) })),
  );
  await new Promise((resolve) => socket.once('open', resolve));
  await send(socket);
  return closed;
}

const acknowledged = async (socket: WebSocket) => {
  socket.send(init());
  await new Promise((resolve) => socket.once('message', resolve));
};

it.each<[what: string, code: number, send: (socket: WebSocket) => void | Promise<void>]>([
  ['what is no JSON', 4400, (socket) => socket.send('{')],
  ['JSON that is no message', 4400, (socket) => socket.send('[1]')],
  ['a message of an unknown type', 4400, (socket) => socket.send('{"type":"x"}')],
  ['a message that only servers send', 4400, (socket) => socket.send('{"type":"connection_ack"}')],
  [
    'an operation that is no document',
    4400,
    (socket) => socket.send('{"type":"subscribe","id":"1","payload":{"query":1}}'),
  ],
  ['binary', 4400, (socket) => socket.send(randomBytes(20))],
  [
    'brackets that take long to parse',
    4400,
    (socket) => socket.send(`{"type":"ping","payload":{"a":${'['.repeat(9_000)}${']'.repeat(9_000)}}}`),
  ],
  ['an operation before connection_init', 4401, (socket) => socket.send(subscribe('1'))],
  ['connection_init without a token', 4401, (socket) => socket.send('{"type":"connection_init"}')],
  ['connection_init with a forged token', 4401, (socket) => socket.send(init().replace('Bearer ', 'Bearer x'))],
  ['connection_init twice', 4429, (socket) => [init(), init()].forEach((message) => void socket.send(message))],
  ['nothing', 4408, () => {}],
])('closes a socket that sends %s with %i', async (_what, code, send) => {
  expect((await closedWith(send)).code).toBe(code);
});

it('closes a socket that speaks no protocol or another one with 4406', async () => {
  expect((await closedWith(() => {}, '')).code).toBe(4406);
});

it('closes a socket that begins an operation under an id in use, however long the id is', async () => {
  for (const id of ['1', '__proto__', 'é'.repeat(2_000), '\ud83d'.repeat(100)]) {
    const subscription = subscribe(id, 'subscription { inbox { groupId } }');
    const { code, reason } = await closedWith(async (socket) => {
      await acknowledged(socket);
      socket.send(subscription);
      socket.send(subscription);
    });
    expect(code).toBe(4409);
    expect(reason).toMatch(/^Subscriber for /);
  }
});

it.each<[what: string, code: number, bytes: Buffer]>([
  ['is not masked', 1002, frame(1, 'a', { masked: false })],
  ['has an opcode that is not in use', 1002, frame(3, 'a')],
  ['has reserved bits', 1002, frame(0x41, 'a')],
  ['continues nothing', 1002, frame(0, 'a')],
  ['is a ping in two', 1002, frame(9, 'a', { final: false })],
  ['is a close with a code that is not in use', 1002, frame(8, Buffer.from([0, 5]))],
  ['is not UTF-8', 1007, frame(1, Buffer.from([0xc3, 0x28]))],
  ['says that it is larger than 1 MiB', 1009, Buffer.from([0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])],
])('closes a socket of which a frame %s with %i', async (_what, code, bytes) => {
  const { socket, until, ended } = await openRaw(server.url, upgrade());
  await until('\r\n\r\n');
  socket.write(bytes);
  const { received } = await ended;
  const close = Buffer.from(received.slice(received.indexOf('\r\n\r\n') + 4), 'latin1');
  expect([close[0], close.readUInt16BE(2)]).toEqual([0x88, code]);
});

it('bears resets at every stage of a conversation', async () => {
  const subscription = frame(1, subscribe('1', 'subscription { inbox { groupId } }'));
  const bytes = Buffer.concat([Buffer.from(upgrade()), frame(1, init()), subscription, frame(1, subscribe('2'))]);
  for (let length = 1; length <= bytes.length; length += 23) {
    const { socket } = await openRaw(server.url, bytes.subarray(0, length));
    await new Promise(setImmediate);
    socket.resetAndDestroy();
  }
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
});

/** A socket that asks for more and more and reads nothing, until the server has called it too slow. */
async function slowReader(to: RunningServer, lines: readonly Line[]) {
  const raw = await openRaw(to.url, upgrade());
  await raw.until('\r\n\r\n');
  raw.socket.write(frame(1, init()));
  await raw.until('connection_ack');
  raw.socket.pause();
  const ping = frame(1, JSON.stringify({ type: 'ping', payload: { echo: 'x'.repeat(60_000) } }));
  const isSlow = () => lines.some(({ msg }) => msg.includes('too slow'));
  while (!isSlow()) {
    if (raw.socket.writableLength < 2 ** 20) raw.socket.write(ping);
    await new Promise(setImmediate);
  }
  return raw;
}

it('closes a socket whose reader is too slow with 4410, and nobody else', async () => {
  const [lines, logger] = readableLogger();
  const limits = { maximumBufferedBytes: 64 * 1024, bufferCheckMilliseconds: 20 };
  const slowServer = await startTestServer({ logger, limits, environment: sameKey });
  const other = await openRaw(slowServer.url, upgrade());
  await other.until('\r\n\r\n');
  const { socket, until } = await slowReader(slowServer, lines);
  socket.resume();
  const close = Buffer.from((await until('Too slow: resume')).slice(-20), 'latin1');
  expect(close).toEqual(
    Buffer.concat([Buffer.from([0x88, 18, 4410 >> 8, 4410 & 255]), Buffer.from('Too slow: resume')]),
  );
  expect(other.socket.readableEnded).toBe(false);
  for (const client of [socket, other.socket]) client.destroy();
  await slowServer.stop();
});

it('cuts off a slow reader that does not take the close either', async () => {
  const [lines, logger] = readableLogger();
  const limits = { maximumBufferedBytes: 64 * 1024, bufferCheckMilliseconds: 20, closeMilliseconds: 100 };
  const slowServer = await startTestServer({ logger, limits, environment: sameKey });
  const { socket, ended } = await slowReader(slowServer, lines);
  // It reads nothing, so only what it writes tells that nobody is there any more.
  const writing = setInterval(() => socket.write(frame(1, '{"type":"pong"}')), 20);
  expect((await ended).reset).toBe(true);
  clearInterval(writing);
  await slowServer.stop();
});

it('closes a peer that answers no ping with the code that means resume, and cuts it off', async () => {
  const limits = { pingMilliseconds: 50, closeMilliseconds: 100 };
  const pinging = await startTestServer({ limits, environment: sameKey });
  const { socket, ended } = await openRaw(pinging.url, upgrade());
  expect((await ended).received).toContain('resume');
  socket.destroy();
  await pinging.stop();
});

it('keeps a peer that answers pings, however long it says nothing else', async () => {
  const pinging = await startTestServer({ limits: { pingMilliseconds: 30 }, environment: sameKey });
  const peer = new WebSocket(`${pinging.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const kept = new Promise<string>((resolve) => {
    let pings = 0;
    peer.on('ping', () => {
      pings += 1;
      if (pings === 5) resolve('kept');
    });
    peer.once('close', (_code, reason) => resolve(String(reason)));
  });
  expect(await kept).toBe('kept');
  peer.terminate();
  await pinging.stop();
});
