import { anyDocument, anyParameters } from './documents.ts';
import type { Draw } from './draw.ts';

/** What a request of R10 may hold that is sound: everything else is made up. */
export interface Known {
  readonly authorization: string;
}

const targets = [
  '/graphql',
  '/graphql',
  '/graphql',
  '/',
  '//',
  '///',
  '/health',
  '/ready',
  '*',
  '',
  '/%',
  '/%00',
  '/graphql/',
  '/graphql?',
  '/graphql#',
  '/graphql?query=',
  '/graphql?query={me{id}}&variables={',
  '/graphql?a=%E0%A4%A',
  '/../../etc/passwd',
  '\\',
  'http://[',
  'http://',
  'http://localhost/graphql',
  'https://[::1',
  'graphql',
  '/graphql\u0000',
  '/gr\u00ff',
  '?',
  '#',
  ':',
  'a:1',
] as const;
const hosts = [
  'localhost',
  '',
  ' ',
  '[',
  '[::1',
  'a b',
  'a:b:c',
  '%00',
  '../..',
  'localhost:99999',
  '\u00ff',
  'a'.repeat(3_000),
] as const;
const origins = [
  undefined,
  'null',
  '',
  '*',
  'http://localhost',
  'https://evil.example',
  'file://',
  'a b',
  '\u00ff',
] as const;
const methods = [
  'GET',
  'POST',
  'OPTIONS',
  'HEAD',
  'PUT',
  'DELETE',
  'PATCH',
  'TRACE',
  'CONNECT',
  'PRI',
  'get',
  'GE T',
  '',
  '\u0000',
] as const;
const versions = [
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/2.0',
  'HTTP/0.9',
  'HTTP/1.',
  'HTTP',
  'JUNK/1.1',
  '',
] as const;
const types = [
  'application/json',
  'application/json',
  'application/json; charset=utf-16',
  'application/graphql',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'multipart/form-data',
  '',
  '/',
  '\u00ff/\u00fe',
] as const;
const accepts = [
  undefined,
  '*/*',
  'application/json',
  'application/graphql-response+json',
  'text/html',
  'text/event-stream',
  'multipart/mixed',
  'image/png',
  ',,;q=',
  'a'.repeat(2_000),
] as const;

export type Headers = readonly (readonly [name: string, value: string | undefined])[];

export const lines = (first: string, headers: Headers): string =>
  [first, ...headers.flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`])), '', ''].join(
    '\r\n',
  );

const commonHeaders = (draw: Draw, { authorization }: Known): Headers => [
  ['host', draw.chance(0.8) ? 'localhost' : draw.pick(hosts)],
  [
    'authorization',
    draw.pick([
      undefined,
      authorization,
      authorization,
      'Bearer',
      'Bearer a.b.c',
      '\u00ff',
      draw.damaged(authorization),
    ]),
  ],
  ['origin', draw.pick(origins)],
  ['accept', draw.pick(accepts)],
  ['connection', draw.pick(['close', 'close', 'keep-alive', 'upgrade', 'a, b'])],
];

/** Anything on the request line. */
function oddLine(draw: Draw, known: Known): string {
  const line = [draw.pick(methods), draw.pick(targets), draw.pick(versions)].join(draw.pick([' ', ' ', '  ', '\t']));
  return lines(draw.chance(0.2) ? draw.damaged(line) : line, commonHeaders(draw, known));
}

/** Headers that are too many, too long, doubled, contradictory or none. */
function oddHeaders(draw: Draw, known: Known): string {
  const many = 1 + draw.below(3_000);
  const bomb = draw.pick<() => Headers>([
    () => Array.from({ length: many }, (_, index) => [`x-${index}`, 'a'] as const),
    () => [['x', 'a'.repeat(many * 20)]],
    () => Array.from({ length: many % 50 }, () => ['host', draw.pick(hosts)] as const),
    () => [
      ['expect', draw.pick(['100-continue', 'a', ''])],
      ['content-length', draw.pick(['0', '5'])],
    ],
    () => [
      ['transfer-encoding', draw.pick(['chunked', 'gzip', 'chunked, chunked', ''])],
      ['content-length', '5'],
    ],
    () => [['content-length', draw.pick(['-1', 'a', '1e3', '99999999999999999999', '5, 5', '0x5'])]],
    () => [
      ['upgrade', draw.pick(['h2c', 'websocket', '', ','])],
      ['http2-settings', 'AAMAAABkAAQAAP__'],
    ],
    () => [[draw.bytes(5).toString('latin1'), draw.bytes(20).toString('latin1')]],
    () => [
      ['cookie', 'a=b;'.repeat(many)],
      ['set-cookie', 'a'],
      ['set-cookie', 'b'],
    ],
  ])();
  return lines(`${draw.pick(['GET', 'POST'])} ${draw.pick(targets)} HTTP/1.1`, [
    ...commonHeaders(draw, known),
    ...bomb,
  ]);
}

/** A request for GraphQL, of a body that is what it says, or less, or more, or in chunks. */
function graphql(draw: Draw, known: Known): string {
  const body = anyParameters(draw);
  const length = Buffer.byteLength(body);
  const headers: Headers = [
    ...commonHeaders(draw, known),
    ['content-type', draw.chance(0.7) ? types[0] : draw.pick(types)],
  ];
  if (draw.chance(0.15)) {
    const size = draw.pick([
      length.toString(16),
      '5',
      'ffffffff',
      '-1',
      'g',
      `${length.toString(16)};${'a'.repeat(draw.below(20_000))}`,
    ]);
    const end = draw.pick(['\r\n0\r\n\r\n', '\r\n0\r\nx: y\r\n\r\n', '', '\r\nzz\r\n']);
    return `${lines('POST /graphql HTTP/1.1', [...headers, ['transfer-encoding', 'chunked']])}${size}\r\n${body}${end}`;
  }
  if (draw.chance(0.2)) {
    const query = new URLSearchParams({
      query: anyDocument(draw),
      variables: draw.pick(['{}', '{', '[', 'null', '1']),
    });
    return lines(`GET /graphql?${draw.chance(0.2) ? draw.damaged(String(query)) : query} HTTP/1.1`, headers);
  }
  const said = draw.chance(0.85) ? length : draw.pick([0, length - 1, length + 1, 5 * 1024 * 1024, 10 ** 12]);
  return lines('POST /graphql HTTP/1.1', [...headers, ['content-length', String(said)]]) + body;
}

/** More than a body may hold, really sent. */
const oversized = (draw: Draw, known: Known): string =>
  lines('POST /graphql HTTP/1.1', [
    ...commonHeaders(draw, known),
    ['content-type', types[0]],
    ['content-length', String(4_300_000)],
  ]) + 'x'.repeat(4_300_000);

const preflight = (draw: Draw, known: Known): string =>
  lines(`OPTIONS ${draw.pick(targets)} HTTP/1.1`, [
    ...commonHeaders(draw, known),
    ['access-control-request-method', draw.pick(['POST', '', 'a b'])],
    ['access-control-request-headers', draw.pick(['authorization', '*', 'x'.repeat(500)])],
  ]);

/** One request over HTTP, and of how many it consists. */
export function anyRequest(draw: Draw, known: Known): { readonly text: string; readonly requests: number } {
  if (draw.chance(0.001)) return { text: oversized(draw, known), requests: 1 };
  if (draw.chance(0.08)) return { text: draw.bytes(1 + draw.below(600)).toString('latin1'), requests: 1 };
  const one = () => draw.pick([oddLine, oddHeaders, graphql, graphql, graphql, preflight])(draw, known);
  if (draw.chance(0.1)) {
    const requests = 2 + draw.below(6);
    return { text: Array.from({ length: requests }, one).join(''), requests };
  }
  return { text: one(), requests: 1 };
}
