import { afterAll, expect, it } from 'vitest';
import { edgeLimits } from '../../src/api/edge-limits.ts';
import { isJsonBomb } from '../../src/api/json-bombs.ts';
import { startTestServer } from './running-server.ts';

const server = await startTestServer();
afterAll(() => server.stop());
const ada = await server.person('ada');

const query = '{ me { userId } }';
const padded = (bytes: number) => JSON.stringify({ query, extensions: { padding: 'x'.repeat(bytes) } });

async function post(body: string | ReadableStream, authorization: string, path = '/graphql') {
  const headers = { 'content-type': 'application/json', authorization };
  const chunked = typeof body !== 'string' && { duplex: 'half' };
  const response = await fetch(`${server.url}${path}`, { method: 'POST', headers, body, ...chunked });
  return { status: response.status, text: await response.text() };
}

it('takes large bodies from those only whose token is valid, and none beyond 4 MiB', async () => {
  const known = `Bearer ${ada.token}`;
  const large = edgeLimits.maximumAnonymousBodyBytes + 1;
  expect(await post(padded(large), known)).toEqual({ status: 200, text: '{"data":{"me":{"userId":"ada"}}}' });
  expect(await post(new Blob([padded(large)]).stream(), known)).toMatchObject({ status: 200 });
  for (const authorization of ['', 'Bearer a.b.c', `${known}x`]) {
    for (const body of [padded(large), new Blob([padded(large)]).stream()]) {
      const refused = await post(body, authorization);
      expect(refused).toMatchObject({ status: 413, text: expect.stringContaining('UNAUTHENTICATED') });
    }
  }
  const beyond = await post(padded(edgeLimits.maximumBodyBytes), known);
  expect(beyond).toMatchObject({ status: 413, text: expect.stringContaining('BAD_INPUT') });
  expect((await post(padded(large), known, '/elsewhere')).status).toBe(413);
});

it.each([
  ['brackets in brackets', `{"query":"${query}","variables":{"a":${'['.repeat(9_000)}${']'.repeat(9_000)}}}`],
  ['objects in objects', `{"query":"${query}","variables":${'{"a":'.repeat(9_000)}1${'}'.repeat(9_000)}}`],
  ['keys', `{"query":"${query}","variables":{${Array.from({ length: 50_001 }, (_, i) => `"${i}":1`).join()}}}`],
])('refuses a body of %s before it is parsed', async (_what, body) => {
  expect(await post(body, `Bearer ${ada.token}`)).toMatchObject({
    status: 400,
    text: expect.stringContaining('nested too deeply or has too many keys'),
  });
});

it('takes text for text, whatever brackets and quotes are in it', () => {
  const text = JSON.stringify({ text: '[{":\\"'.repeat(60_000) });
  expect(isJsonBomb(Buffer.from(text))).toBe(false);
  expect(
    isJsonBomb(Buffer.from(JSON.stringify(Array.from({ length: 10_000 }, (_, i) => ({ userId: i, name: 'a' }))))),
  ).toBe(false);
});
