import { createHash } from 'node:crypto';
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { Client, fetchExchange } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningServer, startTestServer } from '../api/running-server.ts';

let server: RunningServer;
let headers: Record<string, string>;

beforeAll(async () => {
  server = await startTestServer();
  headers = { authorization: `Bearer ${(await server.person('ada')).token}` };
});

afterAll(() => server.stop());

/** Notes of each request whether the document was in it. */
function watchedFetch(): [requests: string[], fetch: typeof globalThis.fetch] {
  const requests: string[] = [];
  return [
    requests,
    (input, init) => {
      const sent = `${decodeURIComponent(String(input).replaceAll('+', ' '))} ${init?.body ?? ''}`;
      requests.push(`${init?.method}, ${/\bquery\b.{0,5}query (\w+)/.test(sent) ? 'document' : 'hash'}`);
      return fetch(input, init);
    },
  ];
}

it.each([
  ['POST', false],
  ['GET', true],
])('Apollo’s link sends the hash by %s, the document once, and the hash from then on', async (method, byGet) => {
  const [requests, watched] = watchedFetch();
  const persisted = new PersistedQueryLink({
    sha256: async (text: string) => createHash('sha256').update(text).digest('hex'),
    useGETForHashedQueries: byGet,
  });
  const link = persisted.concat(new HttpLink({ uri: `${server.url}/graphql`, headers, fetch: watched }));
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  const query = gql(`query ByApollo${method} { me { name } }`);
  for (let count = 0; count < 3; count += 1) {
    const { data } = await client.query({ query, fetchPolicy: 'no-cache' });
    expect(data).toMatchObject({ me: { name: 'ada' } });
  }
  expect(requests).toEqual([`${method}, hash`, 'POST, document', `${method}, hash`, `${method}, hash`]);
});

it.each([
  ['POST', false],
  ['GET', true],
] as const)(
  'urql’s exchange sends the hash by %s, the document once, and the hash from then on',
  async (method, byGet) => {
    const [requests, watched] = watchedFetch();
    const exchanges = [persistedExchange({ preferGetForPersistedQueries: byGet }), fetchExchange];
    const client = new Client({
      ...{ url: `${server.url}/graphql`, fetch: watched, fetchOptions: { headers }, preferGetMethod: false },
      exchanges,
    });
    for (let count = 0; count < 3; count += 1) {
      const { data } = await client.query(`query ByUrql${method} { me { name } }`, {}).toPromise();
      expect(data).toEqual({ me: { name: 'ada' } });
    }
    expect(requests.map((request) => request.split(', ')[1])).toEqual(['hash', 'document', 'hash', 'hash']);
    expect(requests[0]).toBe(`${method}, hash`);
  },
);
