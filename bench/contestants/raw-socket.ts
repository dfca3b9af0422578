import { once } from 'node:events';
import { connect } from 'node:net';

/** A graphql-transport-ws client that costs next to nothing: frames are built before, and only looked at as bytes. */
export interface RawSocket {
  /** Sends a frame as it is; it may be changed once its answer is here. */
  send(frame: Buffer): void;
  close(): void;
}

const opcodes = { text: 1, close: 8, ping: 9, pong: 10 } as const;

/** A client's frame with a mask of zeros, which leaves the text as it is. */
export function buildFrame(text: string, opcode: number = opcodes.text): Buffer {
  const payload = Buffer.from(text);
  const isShort = payload.length < 126;
  const header = Buffer.alloc(isShort ? 6 : 8);
  header[0] = 0x80 | opcode;
  header[1] = 0x80 | (isShort ? payload.length : 126);
  if (payload.length > 65_535) throw new RangeError('a frame of the bench is at most 65,535 bytes');
  if (!isShort) header.writeUInt16BE(payload.length, 2);
  return Buffer.concat([header, payload]);
}

/** Connects, authenticates and waits for the acknowledgement. `receive` gets each text frame's place in its chunk. */
export async function openSocket(
  port: number,
  authorization: string,
  receive: (chunk: Buffer, from: number, to: number) => void,
): Promise<RawSocket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  socket.write(
    `GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: aGlnaHdhdGVyLWJlbmNoIQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n`,
  );
  const [head] = (await once(socket, 'data')) as [Buffer];
  if (!head.toString('latin1').startsWith('HTTP/1.1 101')) throw new Error(`no upgrade: ${head.toString('latin1')}`);
  socket.write(buildFrame(JSON.stringify({ type: 'connection_init', payload: { authorization } })));
  const [first] = (await once(socket, 'data')) as [Buffer];
  if (!first.includes('connection_ack')) throw new Error(`not acknowledged: ${first.toString('latin1')}`);

  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (more: Buffer) => {
    const chunk = rest.length === 0 ? more : Buffer.concat([rest, more]);
    let at = 0;
    for (;;) {
      const frame = frameAt(chunk, at);
      if (frame === undefined) break;
      if (frame.opcode === opcodes.text) receive(chunk, frame.from, frame.to);
      if (frame.opcode === opcodes.ping) socket.write(buildFrame('', opcodes.pong));
      if (frame.opcode === opcodes.close) socket.end();
      at = frame.to;
    }
    rest = chunk.subarray(at);
  });
  return { send: (frame) => void socket.write(frame), close: () => socket.destroy() };
}

/** A server's frame, which has no mask; undefined until all of it is there. */
function frameAt(chunk: Buffer, at: number): { opcode: number; from: number; to: number } | undefined {
  if (chunk.length < at + 2) return undefined;
  const opcode = chunk.readUInt8(at) & 0x0f;
  const short = chunk.readUInt8(at + 1) & 0x7f;
  if (short === 127) throw new RangeError('a frame of the bench is at most 65,535 bytes');
  const from = at + (short === 126 ? 4 : 2);
  if (chunk.length < from) return undefined;
  const to = from + (short === 126 ? chunk.readUInt16BE(at + 2) : short);
  return chunk.length < to ? undefined : { opcode, from, to };
}
