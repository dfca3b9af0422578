import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { afterAll, expect, it } from 'vitest';
import { compressedFor, encodingFor } from '../../src/api/compressed-answer.ts';
import { exchange, openRaw, post } from './raw-socket.ts';
import { startTestServer } from './running-server.ts';

const server = await startTestServer();
afterAll(() => server.stop());
const ada = await server.person('ada');

it.each([
  [undefined, undefined],
  ['', undefined],
  ['gzip', 'gzip'],
  ['GZIP', 'gzip'],
  ['gzip, deflate, br, zstd', 'zstd'],
  ['gzip;q=1, br;q=0.5', 'gzip'],
  ['br;q=0', undefined],
  ['*', 'zstd'],
  ['*;q=0.1, gzip;q=0.2', 'gzip'],
  ['*, zstd;q=0, br;q=0', 'gzip'],
  ['identity, gzip;q=0.5', undefined],
  ['identity;q=0.5, gzip', 'gzip'],
  ['compress', undefined],
  ['gzip;q=nonsense', undefined],
  ['gzip ; q = 0.8', 'gzip'],
  [',,,', undefined],
] as const)('Accept-Encoding %j is answered with %s', (accepted, encoding) => {
  expect(encodingFor(accepted, ['zstd', 'br', 'gzip'])).toBe(encoding);
});

it('what fits into a packet, or gets no smaller, stays as it is', async () => {
  const small = Buffer.from('x'.repeat(1_399));
  expect(await compressedFor('gzip', small)).toEqual({ bytes: small, encoding: undefined });
  const random = crypto.getRandomValues(Buffer.alloc(5_000));
  expect(await compressedFor('gzip', random)).toEqual({ bytes: random, encoding: undefined });
});

const introspection = JSON.stringify({ query: '{ __schema { types { name description } } }' });

/** The head, and the body as it was before it was compressed. */
async function large(encoding: string): Promise<{ head: string; bytes: Buffer }> {
  const headers = { authorization: `Bearer ${ada.token}`, 'accept-encoding': encoding, connection: 'close' };
  const received = Buffer.from(await exchange(server.url, post(introspection, headers)), 'latin1');
  const end = received.indexOf('\r\n\r\n');
  return { head: received.subarray(0, end).toString().toLowerCase(), bytes: received.subarray(end + 4) };
}

it.each([
  ['gzip', gunzipSync],
  ['br', brotliDecompressSync],
  ['zstd', zstdDecompressSync],
] as const)('an answer that is large is compressed with %s for who asks for it', async (encoding, inflate) => {
  const plain = await large('identity');
  const { head, bytes } = await large(encoding);
  expect(plain.head).not.toContain('content-encoding');
  expect(head).toContain(`content-encoding: ${encoding}`);
  expect(head).toContain(`content-length: ${bytes.length}`);
  expect(head).toMatch(/\r\nvary: .*accept-encoding/);
  expect(bytes.length).toBeLessThan(plain.bytes.length / 2);
  expect(inflate(bytes)).toEqual(plain.bytes);
});

it('events are not compressed: each is there as soon as it is sent', async () => {
  const headers = { authorization: `Bearer ${ada.token}`, accept: 'text/event-stream', 'accept-encoding': 'gzip, br' };
  const stream = await openRaw(server.url, post('{"query":"subscription { inbox { groupId } }"}', headers));
  expect((await stream.until('\r\n\r\n')).toLowerCase()).not.toContain('content-encoding');
  stream.socket.destroy();
});
