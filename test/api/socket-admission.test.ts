import { createClient } from 'graphql-ws';
import { afterAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { authorizationOf } from '../../src/api/graphql-protocol.ts';
import { startTestServer } from './running-server.ts';
import { converse, subscribe } from './socket-frames.ts';

const server = await startTestServer();
afterAll(() => server.stop());
const ada = await server.person('ada');
const bearer = `Bearer ${ada.token}`;

it.each<[what: string, payload: () => object | undefined, headers: () => Record<string, string>]>([
  ['authorization', () => ({ authorization: bearer }), () => ({})],
  ['Authorization', () => ({ Authorization: bearer }), () => ({})],
  ['headers', () => ({ headers: { Authorization: bearer } }), () => ({})],
  [
    'headers beside something that is none',
    () => ({ authorization: 1, headers: { authorization: bearer } }),
    () => ({}),
  ],
  ['the upgrade’s own header', () => undefined, () => ({ authorization: bearer })],
  ['the payload rather than the upgrade', () => ({ authorization: bearer }), () => ({ authorization: 'Bearer a.b.c' })],
])('takes the token from %s', async (_what, payload, headers) => {
  const made = payload();
  const { messages, closed } = await converse(
    server.url,
    [{ type: 'connection_init', ...(made && { payload: made }) }, subscribe({ query: '{ me { name } }' })],
    headers(),
  );
  expect(closed).toBeUndefined();
  expect(messages).toContainEqual({ type: 'next', id: '1', payload: { data: { me: { name: 'ada' } } } });
});

it('finds no token where there is none', () => {
  for (const payload of [
    undefined,
    {},
    { headers: null },
    { headers: 'a' },
    { headers: [] },
    { authorization: [bearer] },
  ])
    expect(authorizationOf(payload, undefined)).toBeUndefined();
});

it('says what to send when there is no token, and that one has expired', async () => {
  const { closed } = await converse(server.url, [{ type: 'connection_init' }]);
  expect(closed).toEqual({ code: 4401, reason: expect.stringContaining('connection_init with {"authorization"') });
  const brief = await server.services.tokens.issue({ userId: 'ada' }, -1);
  const late = await converse(server.url, [{ type: 'connection_init', payload: { authorization: `Bearer ${brief}` } }]);
  expect(late.closed).toEqual({ code: 4403, reason: 'Token expired' });
});

it.each<[what: string, params: () => Promise<Record<string, unknown>>, code: number, isTriedAgain: boolean]>([
  ['no token', async () => ({}), 4401, false],
  ['a forged token', async () => ({ authorization: 'Bearer a.b.c' }), 4401, false],
  [
    'an old token',
    async () => ({ authorization: `Bearer ${await server.services.tokens.issue({ userId: 'ada' }, -1)}` }),
    4403,
    true,
  ],
])(
  'a stock client with %s is closed with %3$i, and comes back: %4$s',
  async (_what, connectionParams, code, isTriedAgain) => {
    let connections = 0;
    const client = createClient({
      url: `${server.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      // The second time it has a new one.
      connectionParams: () => {
        connections += 1;
        return connections === 1 ? connectionParams() : { authorization: bearer };
      },
      retryAttempts: 3,
      retryWait: async () => {},
    });
    const answer = client.iterate({ query: '{ me { name } }' }).next();
    if (isTriedAgain) expect((await answer).value).toEqual({ data: { me: { name: 'ada' } } });
    else await expect(answer).rejects.toMatchObject({ code });
    expect(connections).toBe(isTriedAgain ? 2 : 1);
    await client.dispose();
  },
);
