import { CloseCode, createClient } from 'graphql-ws';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createGroup } from './conversation.ts';
import * as documents from './documents.ts';
import { type Person, type RunningServer, startTestServer } from './running-server.ts';

let server: RunningServer;
afterEach(() => server.stop());

/** Addresses count where a proxy on the loopback names them. */
async function start(limits: string): Promise<Person> {
  const environment = { HIGHWATER_RATE_LIMITS: limits, HIGHWATER_TRUSTED_PROXIES: '127.0.0.1' };
  server = await startTestServer({ environment });
  return server.person('ada');
}

interface Told {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly data: Readonly<Record<string, unknown>> | null | undefined;
  readonly errors: readonly {
    readonly extensions: { readonly code: string; readonly retryAfterMilliseconds?: number };
  }[];
}

async function ask(token: string, query: string, variables: object = {}, address?: string): Promise<Told> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: address === undefined ? headers : { ...headers, 'x-forwarded-for': address },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors = [] } = (await response.json()) as Pick<Told, 'data' | 'errors'>;
  return { status: response.status, retryAfter: response.headers.get('retry-after'), data, errors };
}

const limited = { extensions: { code: 'RATE_LIMITED', retryAfterMilliseconds: expect.any(Number) } };
const message = (messageId: string) => ({ input: { groupId: 'g', messageId, text: messageId } });

describe('per person', () => {
  it('sends beyond the burst are 429 with when to come back; others, and other things, go on', async () => {
    const ada = await start('sends=0.5/3');
    const ben = await server.person('ben');
    await createGroup(ada, 'g', [ben]);
    for (const id of ['a', 'b', 'c'])
      expect((await ask(ada.token, documents.sendMessage, message(id))).errors).toEqual([]);
    const refused = await ask(ada.token, documents.sendMessage, message('d'));
    expect(refused).toMatchObject({ status: 429, errors: [limited] });
    const wait = refused.errors[0]?.extensions.retryAfterMilliseconds ?? 0;
    expect(wait).toBeGreaterThan(1_000);
    expect(Number(refused.retryAfter)).toBe(Math.ceil(wait / 1_000));
    expect(await ask(ada.token, documents.sendMessage, message('a')), 'a repetition').toMatchObject({ status: 429 });
    expect((await ask(ada.token, '{ me { id } }')).status).toBe(200);
    expect((await ask(ben.token, documents.sendMessage, message('e'))).errors).toEqual([]);
  });

  it('each field of a mutation counts, and what was done stays answered', async () => {
    const ada = await start('sends=0.1/2');
    await createGroup(ada, 'g', []);
    const send = (id: string) =>
      `${id}: sendMessage(input: { groupId: "g", messageId: "${id}", text: "x" }) { position }`;
    const told = await ask(ada.token, `mutation { ${['a', 'b', 'c'].map(send).join(' ')} }`);
    expect(told.errors).toMatchObject([limited]);
    const { lastSeq } = (await server.services.commands.group('g')).state;
    expect(lastSeq).toBe(2);
  });

  it('each mark of a request counts', async () => {
    const ada = await start('marks=0.1/5');
    await createGroup(ada, 'g', []);
    const marks = (count: number) => ({
      input: { marks: Array.from({ length: count }, () => ({ groupId: 'g', upTo: 0 })) },
    });
    expect((await ask(ada.token, documents.markReadUpTo, marks(3))).errors).not.toMatchObject([limited]);
    expect(await ask(ada.token, documents.markReadUpTo, marks(3))).toMatchObject({ status: 429, errors: [limited] });
    expect((await ask(ada.token, documents.markReadUpTo, marks(2))).errors).not.toMatchObject([limited]);
  });

  it('queries count by their cost, over WebSocket too', async () => {
    const ada = await start('points=0.001/1000');
    const dear = `{ inbox(first: 200) { edges { node { groupId lastSeq } } } }`;
    expect((await ask(ada.token, dear)).status).toBe(200);
    expect(await ask(ada.token, dear)).toMatchObject({ status: 429, errors: [limited] });
    expect((await ask(ada.token, '{ me { id } }')).status).toBe(200);
    const [answer] = await Array.fromAsync(ada.connect().iterate({ query: dear }));
    expect(answer?.errors).toMatchObject([limited]);
  });

  it('what a subscription has missed counts by its length', async () => {
    const ada = await start('points=0.001/100');
    await createGroup(ada, 'g', []);
    for (let index = 0; index < 30; index += 1) {
      const order = { type: 'RenameGroup', name: `${index}`, actorId: 'ada', at: new Date().toISOString() } as const;
      await server.services.commands.handleGroup('g', { ...order, commandId: `${index}` });
    }
    const from = async (after: number) => {
      const query = 'subscription ($after: Int) { timeline(groupId: "g", afterVersion: $after) { __typename } }';
      return (await ada.connect().iterate({ query, variables: { after } }).next()).value;
    };
    expect((await from(30))?.errors).toBeUndefined();
    expect((await from(-1))?.errors).toMatchObject([limited]);
    expect((await from(30))?.errors).toBeUndefined();
  });

  it('other changes count apart from messages', async () => {
    const ada = await start('changes=0.1/1');
    await createGroup(ada, 'g', []);
    expect(await ask(ada.token, documents.leaveGroup, { input: { groupId: 'g' } })).toMatchObject({ status: 429 });
    expect((await ask(ada.token, documents.sendMessage, message('a'))).errors).toEqual([]);
  });
});

describe('per address', () => {
  it('counts whoever comes from it together, and nobody from another', async () => {
    const ada = await start('sends-per-address=0.1/2');
    const ben = await server.person('ben');
    await createGroup(ada, 'g', [ben]);
    expect((await ask(ada.token, documents.sendMessage, message('a'), '203.0.113.7')).status).toBe(200);
    expect((await ask(ben.token, documents.sendMessage, message('b'), '203.0.113.7')).status).toBe(200);
    expect((await ask(ada.token, documents.sendMessage, message('c'), '203.0.113.7')).status).toBe(429);
    expect((await ask(ada.token, documents.sendMessage, message('c'), '203.0.113.8')).status).toBe(200);
    expect((await ask(ada.token, documents.sendMessage, message('d'))).status).toBe(200);
  });

  it('who says not who they are takes nothing of those who do', async () => {
    const ada = await start('points-per-address=0.001/1000,points=0.001/1000,changes-per-address=0.1/2,changes=0.1/2');
    const address = '203.0.113.7';
    const dear = `{ inbox(first: 200) { edges { node { groupId lastSeq } } } }`;
    const change = 'mutation { leaveGroup(input: { groupId: "nowhere" }) { position } }';
    const unknown = { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] };
    expect(await ask('', dear, {}, address)).toMatchObject(unknown);
    for (let times = 0; times < 2; times += 1) expect(await ask('', change, {}, address)).toMatchObject(unknown);
    // They are held back themselves.
    expect(await ask('', dear, {}, address)).toMatchObject({ status: 429, errors: [limited] });
    expect(await ask('', change, {}, address)).toMatchObject({ status: 429, errors: [limited] });
    expect((await ask(ada.token, dear, {}, address)).status).toBe(200);
    expect((await ask(ada.token, change, {}, address)).errors[0]?.extensions.code).toBe('NOT_FOUND');
  });

  it('tokens that fail are counted; those that are good go on, and so do those that were', async () => {
    const ada = await start('failed-tokens-per-address=0.1/3');
    const address = '203.0.113.7';
    for (let times = 0; times < 3; times += 1) {
      expect((await ask(`forged.${times}.x`, '{ me { id } }', {}, address)).errors[0]?.extensions.code).toBe(
        'UNAUTHENTICATED',
      );
    }
    expect(await ask('forged.4.x', '{ me { id } }', {}, address)).toMatchObject({ status: 429, errors: [limited] });
    expect(await closeCodeOf('forged.5.x', address)).toBe(4420);
    expect((await ask(ada.token, '{ me { id } }', {}, address)).status).toBe(200);
    expect(await closeCodeOf(ada.token, address)).toBe('acknowledged');
    const expired = await server.services.tokens.issue({ userId: 'ada' }, -60);
    expect((await ask(expired, '{ me { id } }', {}, address)).errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect(await ask('forged.6.x', '{ me { id } }', {}, '203.0.113.8')).not.toMatchObject({ status: 429 });
  });

  it('sockets that nobody answers for are 429 at the upgrade beyond the number, until others are closed', async () => {
    const ada = await start('sockets-per-address=2');
    const known: WebSocket[] = [];
    while (known.length < 3) known.push(await acknowledged(ada.token, '203.0.113.7'));
    const open = await Promise.all([1, 2].map(() => openSocket('203.0.113.7')));
    await expect(openSocket('203.0.113.7')).rejects.toThrow('429');
    const other = await openSocket('203.0.113.8');
    await closed(open[0]);
    const again = await openSocket('203.0.113.7');
    for (const socket of [...known, open[1], other, again]) await closed(socket);
  });
});

describe('sockets and subscriptions', () => {
  it('a person’s sockets beyond the number are closed with a code to come back on', async () => {
    const ada = await start('sockets-per-person=2');
    const clients = [ada.connect(), ada.connect()];
    for (const client of clients) await Array.fromAsync(client.iterate({ query: '{ me { id } }' }));
    const held = await Promise.all([1, 2].map(() => acknowledged(ada.token)));
    expect(await closeCodeOf(ada.token)).toBe(4420);
    expect(await closeCodeOf((await server.person('ben')).token)).toBe('acknowledged');
    await closed(held[0]);
    expect(await closeCodeOf(ada.token)).toBe('acknowledged');
    await closed(held[1]);
  });

  it('subscriptions beyond the number are refused on their socket, which goes on, and those that ended do not count', async () => {
    const ada = await start('subscriptions-per-socket=3,subscriptions-per-person=5');
    await createGroup(ada, 'g', []);
    const client = createClient({
      url: `${server.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${ada.token}` },
      retryAttempts: 0,
    });
    const query = 'subscription { timeline(groupId: "g", afterVersion: -1) { __typename } }';
    const begun = async (from: typeof client) => {
      const items = from.iterate({ query });
      return { items, first: await items.next() };
    };
    const running = [await begun(client), await begun(client), await begun(client)];
    for (const { first } of running) expect(first.value?.errors).toBeUndefined();
    expect((await begun(client)).first.value?.errors).toMatchObject([limited]);
    // One that could not begin, and one that was given up, leave their places.
    await running[0]?.items.return?.();
    const more = await begun(client);
    expect(more.first.value?.errors).toBeUndefined();
    const second = ada.connect();
    for (let times = 0; times < 2; times += 1) expect((await begun(second)).first.value?.errors).toBeUndefined();
    expect((await begun(second)).first.value?.errors).toMatchObject([limited]);
    await client.dispose();
    const third = ada.connect();
    const after = await begun(third);
    expect(after.first.value?.errors).toBeUndefined();
  });
});

function openSocket(address?: string): Promise<WebSocket> {
  const headers = address === undefined ? {} : { 'x-forwarded-for': address };
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers });
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });
}

function closed(socket: WebSocket | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (socket === undefined) return resolve();
    socket.once('close', () => resolve());
    socket.close(CloseCode.BadRequest);
  });
}

async function acknowledged(token: string, address?: string): Promise<WebSocket> {
  const socket = await openSocket(address);
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }));
  await new Promise((resolve, reject) => {
    socket.once('message', resolve);
    socket.once('close', (code) => reject(new Error(String(code))));
  });
  return socket;
}

/** The code with which the server closes a socket of this token’s, or that it has acknowledged it. */
async function closeCodeOf(token: string, address?: string): Promise<number | 'acknowledged'> {
  try {
    await closed(await acknowledged(token, address));
    return 'acknowledged';
  } catch (error) {
    return Number((error as Error).message);
  }
}
