import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, expect, it } from 'vitest';
import { edgeLimits } from '../../src/api/edge-limits.ts';
import { exchange } from './raw-socket.ts';
import { startTestServer } from './running-server.ts';

const server = await startTestServer();
afterAll(() => server.stop());
const ada = await server.person('ada');

const query = '{"query":"{ me { name } }"}';
const answered = '{"data":{"me":{"name":"ada"}}}';
type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The bytes of a request of somebody who is known, of which headers may be others, twice, or (undefined) left out. */
function bytesOf(line: string, headers: Headers, body: string | Buffer = '') {
  const all: Headers = {
    host: 'localhost',
    connection: 'close',
    authorization: `Bearer ${ada.token}`,
    ...(body.length > 0 && { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one) => `${name}: ${one}`),
  );
  return Buffer.concat([Buffer.from([line, ...lines, '', ''].join('\r\n'), 'latin1'), Buffer.from(body)]);
}

const post = (body: string | Buffer, headers: Headers = {}) => bytesOf('POST /graphql HTTP/1.1', headers, body);
const get = (target: string, headers: Headers = {}) => bytesOf(`GET ${target} HTTP/1.1`, headers);

function inChunks(body: string | Buffer, size: number, headers: Headers = {}): Buffer {
  const bytes = Buffer.from(body);
  const chunks: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += size) {
    const chunk = bytes.subarray(start, start + size);
    chunks.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'));
  }
  const head = { 'content-length': undefined, 'transfer-encoding': 'chunked', ...headers };
  const line = post(query, head).subarray(0, -query.length);
  return Buffer.concat([line, ...chunks, Buffer.from('0\r\n\r\n')]);
}

/** The last answer of a connection. */
async function answerTo(bytes: Buffer) {
  const received = await exchange(server.url, bytes);
  const answer = received.slice(received.lastIndexOf('HTTP/1.1 '));
  const [head = '', ...rest] = answer.split('\r\n\r\n');
  return { status: Number(head.slice(9, 12)), head: head.toLowerCase(), body: rest.join('\r\n\r\n') };
}

const padded = (bytes: number) =>
  JSON.stringify({ query: '{ me { name } }', extensions: { padding: 'x'.repeat(bytes) } });
const anonymous = { authorization: undefined };
const search = (parameters: Readonly<Record<string, string>>) => `/graphql?${new URLSearchParams(parameters)}`;
const query1 = '{ me { name } }';

it.each<[what: string, bytes: () => Buffer]>([
  ['a GET', () => get(search({ query: query1 }))],
  ['a GET with empty variables', () => get(search({ query: query1, variables: '', extensions: '{}' }))],
  ['a target in the absolute form', () => get(`http://localhost${search({ query: query1 })}`)],
  ['chunks of one byte', () => inChunks(query, 1)],
  ['chunks of 1,000 bytes', () => inChunks(padded(60_000), 1_000)],
  ['chunks up to the limit', () => inChunks(padded(edgeLimits.maximumBodyBytes - 100), 65_536)],
  ['gzip', () => post(gzipSync(query), { 'content-encoding': 'gzip' })],
  ['gzip by its old name, in capitals', () => post(gzipSync(query), { 'content-encoding': 'X-GZIP' })],
  ['deflate', () => post(deflateSync(query), { 'content-encoding': 'deflate' })],
  ['identity', () => post(query, { 'content-encoding': 'identity' })],
  ['gzip in chunks', () => inChunks(gzipSync(padded(300_000)), 7, { 'content-encoding': 'gzip' })],
  ['gzip that is large once it is inflated', () => post(gzipSync(padded(4_000_000)), { 'content-encoding': 'gzip' })],
  ['a media type in capitals', () => post(query, { 'content-type': 'Application/JSON; Charset="UTF-8"' })],
  ['a byte order mark', () => post(`\ufeff${query}`)],
  ['a Host that is no host', () => post(query, { host: 'http://[::1' })],
  ['a Host of nothing', () => post(query, { host: '' })],
  ['a Host of latin letters', () => post(query, { host: 'caf\u00e9' })],
  ['Expect: 100-continue', () => post(query, { expect: '100-continue' })],
  ['HTTP/1.0 without a Host', () => bytesOf('POST /graphql HTTP/1.0', { host: undefined }, query)],
  ['an upgrade that is not taken', () => post(query, { connection: 'Upgrade, close', upgrade: 'h2c' })],
])('answers a request with %s', async (_what, bytes) => {
  expect(await answerTo(bytes())).toMatchObject({ status: 200, body: expect.stringContaining(answered) });
});

const longer = edgeLimits.maximumAnonymousBodyBytes + 1;
const bomb = (bytes: number) => gzipSync(Buffer.alloc(bytes, 0x20), { level: 9 });

it.each<[what: string, status: number, code: string, bytes: () => Buffer]>([
  ['variables that are no JSON', 400, 'BAD_INPUT', () => get(search({ query: query1, variables: '{' }))],
  ['variables that are a list', 400, 'BAD_INPUT', () => get(search({ query: query1, variables: '[]' }))],
  ['extensions that are no JSON', 400, 'BAD_INPUT', () => get(search({ query: query1, extensions: '{"a"' }))],
  ['extensions that are a number', 400, 'BAD_INPUT', () => get(search({ query: query1, extensions: '1' }))],
  ['a query string that is no UTF-8', 400, 'BAD_INPUT', () => get('/graphql?query=%7Bme%7Bname%7D%7D%E0%A4')],
  ['a mutation in a GET', 405, 'BAD_INPUT', () => get(search({ query: 'mutation { __typename }' }))],
  ['no query', 400, 'BAD_INPUT', () => get('/graphql')],
  ['a path where nothing is', 404, 'NOT_FOUND', () => get('/nothing')],
  ['a path that cannot be decoded', 400, 'BAD_INPUT', () => get('/%')],
  ['PUT', 405, 'BAD_INPUT', () => bytesOf('PUT /graphql HTTP/1.1', {}, query)],
  ['DELETE', 405, 'BAD_INPUT', () => bytesOf('DELETE /graphql HTTP/1.1', {})],
  ['TRACE', 405, 'BAD_INPUT', () => bytesOf('TRACE /graphql HTTP/1.1', {})],
  ['POST to /health', 405, 'BAD_INPUT', () => bytesOf('POST /health HTTP/1.1', {}, query)],
  ['a method that there is not', 400, 'BAD_INPUT', () => bytesOf('NONSENSE /graphql HTTP/1.1', {})],
  ['an answer as an image', 406, 'BAD_INPUT', () => post(query, { accept: 'image/png' })],
  ['no media type', 415, 'BAD_INPUT', () => post(query, { 'content-type': undefined })],
  ['a media type that is none', 415, 'BAD_INPUT', () => post(query, { 'content-type': 'nonsense' })],
  ['text/plain', 415, 'BAD_INPUT', () => post(query, { 'content-type': 'text/plain' })],
  ['multipart', 415, 'BAD_INPUT', () => post(query, { 'content-type': 'multipart/form-data; boundary=a' })],
  ['UTF-16', 415, 'BAD_INPUT', () => post(query, { 'content-type': 'application/json; charset=utf-16' })],
  ['brotli', 415, 'BAD_INPUT', () => post(brotliCompressSync(query), { 'content-encoding': 'br' })],
  ['zstd', 415, 'BAD_INPUT', () => post(zstdCompressSync(query), { 'content-encoding': 'zstd' })],
  ['two compressions', 415, 'BAD_INPUT', () => post(gzipSync(gzipSync(query)), { 'content-encoding': 'gzip, gzip' })],
  ['a compression by a name of Object’s', 415, 'BAD_INPUT', () => post(query, { 'content-encoding': 'constructor' })],
  ['gzip that is none', 400, 'BAD_INPUT', () => post(query, { 'content-encoding': 'gzip' })],
  [
    'gzip that is cut off',
    400,
    'BAD_INPUT',
    () => post(gzipSync(query).subarray(0, 20), { 'content-encoding': 'gzip' }),
  ],
  [
    'gzip of nothing',
    400,
    'BAD_INPUT',
    () => post('', { 'content-type': 'application/json', 'content-encoding': 'gzip', 'content-length': '0' }),
  ],
  ['a bomb of gzip', 413, 'BAD_INPUT', () => post(bomb(200 * 2 ** 20), { 'content-encoding': 'gzip' })],
  [
    'a bomb of gzip in chunks',
    413,
    'BAD_INPUT',
    () => inChunks(bomb(50 * 2 ** 20), 1_000, { 'content-encoding': 'gzip' }),
  ],
  [
    'a small bomb of nobody’s',
    413,
    'UNAUTHENTICATED',
    () => post(bomb(2 ** 20), { 'content-encoding': 'gzip', ...anonymous }),
  ],
  ['nobody’s long chunks', 413, 'UNAUTHENTICATED', () => inChunks(padded(longer), 5_000, anonymous)],
  ['nobody’s long body', 413, 'UNAUTHENTICATED', () => post(padded(longer), anonymous)],
  ['a body beyond the limit', 413, 'BAD_INPUT', () => post(padded(edgeLimits.maximumBodyBytes))],
  ['chunks beyond the limit', 413, 'BAD_INPUT', () => inChunks(padded(edgeLimits.maximumBodyBytes), 65_536)],
  ['a body that is no UTF-8', 400, 'BAD_INPUT', () => post(Buffer.from([0x7b, 0xff, 0x7d]))],
  ['a body that is no JSON', 400, 'BAD_INPUT', () => post('{')],
  ['several operations at once', 400, 'BAD_INPUT', () => post(`[${query},${query}]`)],
  ['headers that are too large', 431, 'BAD_INPUT', () => post(query, { 'x-long': 'x'.repeat(20_000) })],
  ['no Host', 400, 'BAD_INPUT', () => post(query, { host: undefined })],
  ['two Hosts', 400, 'BAD_INPUT', () => post(query, { host: ['a', 'b'] })],
  ['two lengths', 400, 'BAD_INPUT', () => post(query, { 'content-length': ['27', '28'] })],
  ['a length and chunks', 400, 'BAD_INPUT', () => inChunks(query, 5, { 'content-length': '5' })],
  ['chunks of gzip', 400, 'BAD_INPUT', () => inChunks(query, 5, { 'transfer-encoding': 'gzip, chunked' })],
  [
    'a Transfer-Encoding of nothing',
    400,
    'BAD_INPUT',
    () => post(query, { 'content-length': undefined, 'transfer-encoding': 'identity' }),
  ],
  ['a length with a sign', 400, 'BAD_INPUT', () => post(query, { 'content-length': '+27' })],
  ['a header that is folded', 400, 'BAD_INPUT', () => post(query, { 'x-a': 'a\r\n b: c' })],
  ['a space before the colon', 400, 'BAD_INPUT', () => post(query, { 'x-a ': 'b' })],
  ['an expectation that is not met', 417, 'BAD_INPUT', () => post(query, { expect: 'a miracle' })],
])('refuses a request with %s: %i, as GraphQL’s errors are', async (_what, status, code, bytes) => {
  const answer = await answerTo(bytes());
  expect(answer.status, answer.head).toBe(status);
  expect(answer.head).toContain('content-type: application/json; charset=utf-8');
  const { errors } = JSON.parse(answer.body) as {
    errors: { message: string; extensions: { code: string; reason: string } }[];
  };
  expect(errors.map(({ extensions }) => extensions.code)).toEqual([code]);
  if (code === 'BAD_INPUT') expect(errors[0]?.extensions.reason).toBe('REQUEST_UNREADABLE');
  expect(errors[0]?.message.length).toBeGreaterThan(5);
  if (status === 405) expect(answer.head).toMatch(/\r\nallow: (post|get)/);
});

it('says which compressions a body may have', async () => {
  expect((await answerTo(post(query, { 'content-encoding': 'br' }))).head).toContain('accept-encoding: gzip, deflate');
});

it('says where a syntax error is, and which variable a value came in', async () => {
  const syntax = JSON.parse((await answerTo(post('{"query":"{\\n me {"}'))).body);
  expect(syntax.errors[0].locations).toEqual([{ line: 2, column: 6 }]);
  const body = JSON.stringify({
    query: 'query ($first: Int!) { inbox(first: $first) { pageInfo { hasNextPage } } }',
    variables: { first: 'x' },
  });
  const { errors } = JSON.parse((await answerTo(post(body))).body);
  expect(errors[0]).toMatchObject({ message: expect.stringContaining('$first'), locations: [{ line: 1, column: 8 }] });
});

it.each([
  ['one of a gateway', '0-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-1', true],
  ['one with a line end in it', 'a%0d%0aset-cookie: b', false],
  ['one that is long', 'x'.repeat(129), false],
  ['one with a quotation mark', 'a"b', false],
  ['one with spaces', 'a b', false],
  ['none', undefined, false],
])('a request’s id comes back: %s', async (_what, id, isKept) => {
  const { head } = await answerTo(post(query, { 'x-request-id': id }));
  const [, told = ''] = /\r\nx-request-id: (.*)/.exec(head) ?? [];
  if (isKept) expect(told).toBe(id);
  else expect(told).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
});
