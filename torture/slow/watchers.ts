import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { buildFrame } from '../../bench/contestants/raw-socket.ts';
import { percentile } from '../../bench/measure.ts';
import { createTokens } from '../../src/rights/tokens.ts';

/** The load of R8, in a process of its own: those who watch, and those among them who will stop to read. */
export interface WatchersOptions {
  readonly port: number;
  readonly secret: string;
  readonly groupId: string;
  readonly watchers: number;
  /** Of the watchers: the first half of them over WebSocket come back to read when they are told to. */
  readonly heavy: number;
  /** How often the heavy ones select the text of each message, so that what is not read fills what the kernel holds. */
  readonly textsOfHeavy: number;
  /** Of the heavy ones: so that they can be told apart from outside. */
  readonly addressOfHeavy: string;
  /** Heavy streams of events besides. */
  readonly streams: number;
}

export type Order = 'begin' | 'stall' | 'come back' | 'report';

export interface WatchersReport {
  readonly p99Milliseconds: number;
  readonly delivered: number;
  /** The codes that sockets were closed with, of those who have come back; 1006 is a connection that was cut. */
  readonly codes: readonly number[];
  /** Others whose connection was lost. */
  readonly lost: number;
}

const options = JSON.parse(process.argv[2] ?? '{}') as WatchersOptions;
const tokens = createTokens(options.secret, Date.now);
const addresses = ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4'];
const connectingAtOnce = 50;
const light =
  'subscription ($groupId: ID!) { timeline(groupId: $groupId) { ... on MessageAdded { message { messageId } } } }';
const full =
  'subscription ($groupId: ID!) { timeline(groupId: $groupId) { ... on MessageAdded { message { messageId text } } } }';

const milliseconds: number[] = [];
const heavy: { readonly socket: Socket; code: number }[] = [];
const streams: Socket[] = [];
let lost = 0;
/** Ids of messages are `at<moment>-…`: the moment at which the message was sent. */
const sentAt = /at(\d+\.\d+)-/;

async function open(index: number, isHeavy: boolean): Promise<Socket> {
  const localAddress = isHeavy ? options.addressOfHeavy : (addresses[index % addresses.length] ?? '127.0.0.1');
  const socket = connect({ port: options.port, host: '127.0.0.1', localAddress, noDelay: true });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

const frame = (message: object): Buffer => buildFrame(JSON.stringify(message));

async function watch(index: number): Promise<void> {
  const authorization = `Bearer ${await tokens.issue({ userId: `watcher-${index}` }, 86_400)}`;
  const isHeavy = index < options.heavy;
  const socket = await open(index, isHeavy);
  socket.write(
    `GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:${options.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: aGlnaHdhdGVyLWJlbmNoIQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n`,
  );
  const [head] = (await once(socket, 'data')) as [Buffer];
  const acknowledged = Promise.withResolvers<void>();
  const frames = walkFrames(socket, head.subarray(head.indexOf('\r\n\r\n') + 4), (_opcode, payload) => {
    if (payload.includes('connection_ack')) acknowledged.resolve();
  });
  socket.write(frame({ type: 'connection_init', payload: { authorization } }));
  await acknowledged.promise;
  const query = isHeavy ? full : light;
  const variables = { groupId: options.groupId };
  socket.write(frame({ id: 'a', type: 'subscribe', payload: { query, variables } }));
  if (isHeavy) listenHeavy(socket, frames);
  else listenLight(socket, frames);
}

/** A light frame is short, and its text is looked at as bytes. */
function listenLight(socket: Socket, frames: Frames): void {
  frames.onFrame = (_opcode, payload) => {
    const moment = sentAt.exec(payload.toString('latin1'))?.[1];
    if (moment !== undefined) milliseconds.push(performance.timeOrigin + performance.now() - Number(moment));
  };
  socket.on('close', () => {
    lost += 1;
  });
}

/** Only how it ends is looked at. */
function listenHeavy(socket: Socket, frames: Frames): void {
  const own = { socket, code: 0 };
  heavy.push(own);
  frames.onFrame = (opcode, payload) => {
    if (opcode !== opcodes.close) return;
    own.code = payload.readUInt16BE(0);
    socket.end(buildFrame('', opcodes.close));
  };
  socket.on('close', () => {
    own.code ||= 1006;
  });
}

const opcodes = { close: 8, ping: 9, pong: 10 } as const;

interface Frames {
  onFrame: (opcode: number, payload: Buffer) => void;
}

/** Pings are answered from the first one on, which may have come with the upgrade: `rest` is what did. */
function walkFrames(socket: Socket, rest: Buffer, onFrame: Frames['onFrame']): Frames {
  const frames: Frames = { onFrame };
  const take = (more: Buffer) => {
    let chunk = rest.length === 0 ? more : Buffer.concat([rest, more]);
    for (
      let place = payloadPlace(chunk);
      place !== undefined && chunk.length >= place.end;
      place = payloadPlace(chunk)
    ) {
      const opcode = chunk.readUInt8(0) & 0x0f;
      if (opcode === opcodes.ping) socket.write(buildFrame('', opcodes.pong));
      else frames.onFrame(opcode, chunk.subarray(place.begin, place.end));
      chunk = chunk.subarray(place.end);
    }
    rest = chunk;
  };
  take(Buffer.alloc(0));
  socket.on('data', take);
  return frames;
}

function payloadPlace(chunk: Buffer): { readonly begin: number; readonly end: number } | undefined {
  if (chunk.length < 2) return undefined;
  const short = chunk.readUInt8(1) & 0x7f;
  if (short === 126) return chunk.length < 4 ? undefined : { begin: 4, end: 4 + chunk.readUInt16BE(2) };
  if (short === 127) return chunk.length < 10 ? undefined : { begin: 10, end: 10 + Number(chunk.readBigUInt64BE(2)) };
  return { begin: 2, end: 2 + short };
}

async function stream(index: number): Promise<void> {
  const socket = await open(index, true);
  const authorization = `Bearer ${await tokens.issue({ userId: `watcher-${index}` }, 86_400)}`;
  const body = JSON.stringify({ query: full, variables: { groupId: options.groupId } });
  socket.write(
    `POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:${options.port}\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\nAuthorization: ${authorization}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  await once(socket, 'data');
  streams.push(socket);
  socket.resume();
}

function report(): WatchersReport {
  const comingBack = heavy.slice(0, Math.ceil(heavy.length / 2));
  return {
    p99Milliseconds: percentile(milliseconds, 0.99),
    delivered: milliseconds.length,
    codes: comingBack.map(({ code }) => code),
    lost,
  };
}

process.on('message', (order: Order) => {
  if (order === 'begin') milliseconds.length = 0;
  if (order === 'stall') for (const socket of [...heavy.map((one) => one.socket), ...streams]) socket.pause();
  if (order === 'come back') for (const { socket } of heavy.slice(0, Math.ceil(heavy.length / 2))) socket.resume();
  if (order === 'report') process.send?.(report());
});
process.on('disconnect', () => process.exit(0));

for (let from = 0; from < options.watchers; from += connectingAtOnce) {
  const to = Math.min(from + connectingAtOnce, options.watchers);
  await Promise.all(Array.from({ length: to - from }, (_, index) => watch(from + index)));
}
await Promise.all(Array.from({ length: options.streams }, (_, index) => stream(index)));
process.send?.('watching');
