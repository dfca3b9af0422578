import { createHash } from 'node:crypto';
import { afterAll, expect, it } from 'vitest';
import { createPersistedDocuments } from '../../src/api/persisted-documents.ts';
import { startTestServer } from './running-server.ts';

const server = await startTestServer();
afterAll(() => server.stop());
const ada = await server.person('ada');

const hashOf = (query: string) => createHash('sha256').update(query).digest('hex');
const persisted = (sha256Hash: unknown, version: unknown = 1) => ({ persistedQuery: { version, sha256Hash } });

async function ask(body: object, accept = 'application/json', method: 'GET' | 'POST' = 'POST') {
  const parameters = Object.entries(body).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  const response = await fetch(
    `${server.url}/graphql${method === 'GET' ? `?${new URLSearchParams(parameters)}` : ''}`,
    {
      method,
      headers: { accept, authorization: `Bearer ${ada.token}`, 'content-type': 'application/json' },
      ...(method === 'POST' && { body: JSON.stringify(body) }),
    },
  );
  const { data, errors } = (await response.json()) as {
    data?: unknown;
    errors?: { message: string; extensions: { code: string } }[];
  };
  return { status: response.status, data, message: errors?.[0]?.message, code: errors?.[0]?.extensions.code };
}

it('a hash that is not known is told so, and known once its document has come', async () => {
  const query = 'query Mine { me { name } }';
  const byHash = { extensions: persisted(hashOf(query)) };
  const notFound = { message: 'PersistedQueryNotFound', code: 'BAD_INPUT' };
  expect(await ask(byHash)).toMatchObject({ status: 200, ...notFound });
  expect(await ask(byHash, 'application/graphql-response+json')).toMatchObject({ status: 400, ...notFound });
  expect(await ask(byHash, 'application/json', 'GET')).toMatchObject({ status: 200, ...notFound });
  const answer = { status: 200, data: { me: { name: 'ada' } } };
  expect(await ask({ query, ...byHash })).toMatchObject(answer);
  expect(await ask(byHash)).toMatchObject(answer);
  expect(await ask({ extensions: persisted(hashOf(query).toUpperCase()) })).toMatchObject(answer);
  expect(await ask(byHash, 'application/json', 'GET')).toMatchObject(answer);
});

it('a mutation by its hash is refused in a GET, as any other', async () => {
  const query = 'mutation { leaveGroup(input: { groupId: "nothing" }) { position } }';
  const byHash = { extensions: persisted(hashOf(query)) };
  expect(await ask({ query, ...byHash })).toMatchObject({ code: 'NOT_FOUND' });
  expect(await ask(byHash, 'application/json', 'GET')).toMatchObject({ status: 405 });
});

it.each([
  [
    'another document’s hash',
    { query: '{ me { name } }', extensions: persisted(hashOf('{ me { id } }')) },
    'PersistedQueryMismatch',
  ],
  ['another version', { extensions: persisted(hashOf('{ me { name } }'), 2) }, 'PersistedQueryNotSupported'],
  ['a hash that is no text', { extensions: persisted({}) }, 'PersistedQueryNotSupported'],
  ['a hash like a property of an object', { extensions: persisted('__proto__') }, 'PersistedQueryNotFound'],
])('%s is refused', async (_what, body, message) => {
  expect(await ask(body)).toMatchObject({ message, code: 'BAD_INPUT' });
});

it('remembers no more than its bytes, the newest', () => {
  const { resolve } = createPersistedDocuments();
  const documents = Array.from({ length: 200 }, (_, n) => `query Q${n} { __typename } # ${'x'.repeat(60_000)}`);
  for (const query of documents) resolve({ query, extensions: persisted(hashOf(query)) });
  const isKnown = (query: string) => {
    try {
      return resolve({ extensions: persisted(hashOf(query)) } as { query?: string }).query === query;
    } catch {
      return false;
    }
  };
  const known = documents.filter(isKnown);
  expect(known).toEqual(documents.slice(-known.length));
  expect(known.length).toBeGreaterThan(50);
  expect(known.length).toBeLessThan(150);
});

it('a document that is too long is neither hashed nor kept', async () => {
  const query = `{ me { name } } # ${'x'.repeat(70_000)}`;
  const answer = await ask({ query, extensions: persisted('not its hash') });
  expect(answer.message).toContain('at most 65536 characters');
});
