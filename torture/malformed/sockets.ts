import { anyParameters } from './documents.ts';
import type { Draw } from './draw.ts';
import { type Headers, type Known, lines } from './requests.ts';

const key = Buffer.alloc(16).toString('base64');

/** The bytes of an upgrade: sound, or wrong in any of its parts. */
export function anyHandshake(draw: Draw, sound: boolean): string {
  const odd = <Value>(value: Value, others: readonly [Value, ...Value[]]) =>
    sound || draw.chance(0.7) ? value : draw.pick(others);
  const headers: Headers = [
    ['host', odd('localhost', ['[', '', 'a b'])],
    ['connection', odd('Upgrade', ['close', 'keep-alive', 'upgrade, a', ''])],
    ['upgrade', odd('websocket', ['h2c', 'WebSocket', 'a', '', 'websocket, h2c'])],
    ['sec-websocket-key', odd<string | undefined>(key, [undefined, '', 'a', `${key}${key}`, '\u00ff'])],
    ['sec-websocket-version', odd('13', ['8', '12', '', 'a', '13, 8'])],
    [
      'sec-websocket-protocol',
      odd<string | undefined>('graphql-transport-ws', [undefined, '', 'graphql-ws', ',,', 'a, a', '\u00ff']),
    ],
    [
      'sec-websocket-extensions',
      odd<string | undefined>(undefined, ['permessage-deflate; client_max_window_bits=99', ';;']),
    ],
    ['origin', odd<string | undefined>(undefined, ['null', 'https://evil.example', ''])],
    ['content-length', odd<string | undefined>(undefined, ['5', '-1'])],
  ];
  const target = odd('/graphql', [
    '//',
    'http://[',
    '/',
    '/graphql/',
    '*',
    '/graphql?%',
    '\\',
    '/\u0000',
    'a'.repeat(5_000),
  ]);
  return lines(`${odd('GET', ['POST', 'CONNECT', 'HEAD'])} ${target} HTTP/1.1`, headers);
}

/** A frame as a client sends it, masked with zeros. */
function frame(opcode: number, payload: string | Buffer, first = 0x80): Buffer {
  const bytes = Buffer.from(payload);
  const extended = bytes.length < 126 ? Buffer.alloc(0) : Buffer.alloc(bytes.length < 65_536 ? 2 : 8);
  if (extended.length === 2) extended.writeUInt16BE(bytes.length);
  if (extended.length === 8) extended.writeBigUInt64BE(BigInt(bytes.length));
  const length = extended.length === 0 ? bytes.length : extended.length === 2 ? 126 : 127;
  return Buffer.concat([Buffer.from([first | opcode, 0x80 | length]), extended, Buffer.alloc(4), bytes]);
}

function message(draw: Draw, { authorization }: Known): string {
  const id = draw.pick(['1', '2', '', '__proto__', 'é'.repeat(300), '\ud800']);
  const text = draw.pick([
    () => JSON.stringify({ type: 'connection_init', payload: { authorization } }),
    () => JSON.stringify({ type: 'connection_init', payload: draw.pick([null, 1, [], {}, { authorization: 1 }]) }),
    () => `{"type":"subscribe","id":${JSON.stringify(id)},"payload":${anyParameters(draw)}}`,
    () => `{"type":"subscribe","id":${JSON.stringify(id)},"payload":${anyParameters(draw)}}`,
    () => JSON.stringify({ type: 'complete', id }),
    () =>
      JSON.stringify({
        type: draw.pick(['ping', 'pong', 'next', 'connection_ack', 'error', 'x', 1]),
        id,
        payload: { a: [] },
      }),
    () => '['.repeat(1 + draw.below(50_000)),
  ])();
  return draw.chance(0.15) ? draw.damaged(text) : text;
}

function anyFrame(draw: Draw, known: Known): Buffer {
  return draw.pick([
    () => frame(1, message(draw, known)),
    () => frame(1, message(draw, known)),
    () => frame(1, message(draw, known)),
    () => frame(2, draw.bytes(draw.below(200))),
    () => frame(1, draw.bytes(draw.below(200))),
    () => frame(draw.below(16), draw.bytes(draw.below(200)), draw.pick([0x80, 0, 0xc0, 0xf0])),
    () => frame(draw.pick([8, 9, 10]), draw.bytes(draw.below(140))),
    () => Buffer.concat([frame(1, 'a', 0), frame(9, 'ping'), frame(0, 'b', 0), frame(1, 'c')]),
    () => Buffer.concat(Array.from({ length: 200 }, () => frame(0, '', 0))),
    () => Buffer.from([0x81, 0xff, ...draw.bytes(12)]),
    () => Buffer.from([0x81, 0x05, 0x61]),
    () => draw.bytes(1 + draw.below(100)),
  ])();
}

/** An upgrade, and where it is sound what an odd client says next; each frame counts as a request. */
export function anyConversation(draw: Draw, known: Known): { readonly text: string; readonly requests: number } {
  const sound = draw.chance(0.5);
  const init = frame(1, JSON.stringify({ type: 'connection_init', payload: { authorization: known.authorization } }));
  const frames = sound ? Array.from({ length: draw.below(6) }, () => anyFrame(draw, known)) : [];
  const opening = sound && draw.chance(0.7) ? [init] : [];
  const bytes = [Buffer.from(anyHandshake(draw, sound), 'latin1'), ...opening, ...frames];
  return { text: Buffer.concat(bytes).toString('latin1'), requests: 1 + frames.length };
}
