import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { buildFrame } from '../../bench/contestants/raw-socket.ts';

export interface VisitTarget {
  readonly port: number;
  readonly token: string;
  readonly groupId: string;
}

/** One who comes and goes without a word, at some stage of what they came for. */
export type Visit = (target: VisitTarget, random: () => number) => Promise<void>;

const subscriptions: readonly string[] = [
  'subscription ($groupId: ID!) { timeline(groupId: $groupId, afterVersion: -1) { __typename ... on MessageAdded { message { text readCount } } } }',
  'subscription ($groupId: ID!) { timeline(groupId: $groupId) { __typename } }',
  'subscription ($groupId: ID!) { readCounts(groupId: $groupId) { asOf ranges { toSeq readCount } } }',
  'subscription { inbox { groupId lastSeq } }',
  // Refused when it begins: what it had begun by then has to end.
  'subscription { timeline(groupId: "nowhere") { __typename } }',
  'subscription ($groupId: ID!) { timeline(groupId: $groupId, afterVersion: 99999) { __typename } }',
];
const page =
  'query ($groupId: ID!) { group(groupId: $groupId) { name timeline { edges { node { text readCount readers { edges { node { readAt } } } } } } } }';
const patienceMilliseconds = 5_000;

async function open({ port }: VisitTarget): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** The next bytes, or that the other side has gone, or that it keeps silent. */
async function hear(socket: Socket): Promise<string> {
  if (socket.destroyed) return '';
  const signal = AbortSignal.timeout(patienceMilliseconds);
  const heard = once(socket, 'data', { signal }).then(([chunk]) => String(chunk));
  return Promise.race([heard, once(socket, 'close', { signal }).then(() => '')]).catch(() => '');
}

/** Without a goodbye: with a reset or with an ordinary end. */
const leave = (socket: Socket, random: () => number) =>
  void (random() < 0.5 ? socket.resetAndDestroy() : socket.destroy());

const pick = <Item>(items: readonly Item[], random: () => number): Item | undefined =>
  items[Math.floor(random() * items.length)];

function request({ port, token, groupId }: VisitTarget, query: string, accept: string): string {
  const body = JSON.stringify({ query, variables: query.includes('$groupId') ? { groupId } : {} });
  return [
    ...['POST /graphql HTTP/1.1', `Host: 127.0.0.1:${port}`, 'Content-Type: application/json', `Accept: ${accept}`],
    ...[`Authorization: Bearer ${token}`, `Content-Length: ${Buffer.byteLength(body)}`, '', body],
  ].join('\r\n');
}

const upgrade = ({ port }: VisitTarget): string =>
  [
    ...['GET /graphql HTTP/1.1', `Host: 127.0.0.1:${port}`, 'Connection: Upgrade', 'Upgrade: websocket'],
    ...['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: aGlnaHdhdGVyLWJlbmNoIQ=='],
    ...['Sec-WebSocket-Protocol: graphql-transport-ws', '', ''],
  ].join('\r\n');

const frame = (message: object): Buffer => buildFrame(JSON.stringify(message));
const init = ({ token }: VisitTarget): Buffer =>
  frame({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } });

function subscribe({ groupId }: VisitTarget, id: string, random: () => number): Buffer {
  const query = pick(subscriptions, random) ?? '';
  const variables = query.includes('$groupId') ? { groupId } : {};
  return frame({ id, type: 'subscribe', payload: { query, variables } });
}

async function upgraded(target: VisitTarget): Promise<Socket> {
  const socket = await open(target);
  socket.write(upgrade(target));
  const answer = await hear(socket);
  if (!answer.startsWith('HTTP/1.1 101')) throw new Error(`no upgrade: ${answer}`);
  return socket;
}

async function acknowledged(target: VisitTarget): Promise<Socket> {
  const socket = await upgraded(target);
  socket.write(init(target));
  let answer = await hear(socket);
  // A ping of the server's may have come in between.
  if (!answer.includes('connection_ack')) answer = await hear(socket);
  if (!answer.includes('connection_ack')) throw new Error(`not acknowledged: ${answer}`);
  return socket;
}

/** By the stage at which they go. */
export const visits: Readonly<Record<string, Visit>> = {
  connected: async (target, random) => leave(await open(target), random),
  'in the middle of a request': async (target, random) => {
    const socket = await open(target);
    const whole = request(target, page, 'application/json');
    socket.write(whole.slice(0, Math.floor(random() * whole.length)));
    await new Promise(setImmediate);
    leave(socket, random);
  },
  'before an answer': async (target, random) => {
    const socket = await open(target);
    socket.write(request(target, page, 'application/json'));
    await new Promise(setImmediate);
    leave(socket, random);
  },
  'in the middle of an answer': async (target, random) => {
    const socket = await open(target);
    socket.write(request(target, page, 'application/json'));
    await hear(socket);
    leave(socket, random);
  },
  'before a stream of events has begun': async (target, random) => {
    const socket = await open(target);
    socket.write(request(target, pick(subscriptions, random) ?? '', 'text/event-stream'));
    await new Promise(setImmediate);
    leave(socket, random);
  },
  'in a stream of events': async (target, random) => {
    const socket = await open(target);
    socket.write(request(target, pick(subscriptions, random) ?? '', 'text/event-stream'));
    await hear(socket);
    leave(socket, random);
  },
  'before the upgrade is answered': async (target, random) => {
    const socket = await open(target);
    socket.write(upgrade(target));
    leave(socket, random);
  },
  upgraded: async (target, random) => leave(await upgraded(target), random),
  'before the acknowledgement': async (target, random) => {
    const socket = await upgraded(target);
    socket.write(init(target));
    await new Promise(setImmediate);
    leave(socket, random);
  },
  'while subscriptions begin': async (target, random) => {
    const socket = await acknowledged(target);
    for (const id of ['a', 'b', 'c']) socket.write(subscribe(target, id, random));
    if (random() < 0.5) await new Promise(setImmediate);
    leave(socket, random);
  },
  subscribed: async (target, random) => {
    const socket = await acknowledged(target);
    for (const id of ['a', 'b', 'c']) socket.write(subscribe(target, id, random));
    // Answered with a pong after the subscriptions were looked at: they may have nothing to say.
    socket.write(frame({ type: 'ping' }));
    await hear(socket);
    leave(socket, random);
  },
  'subscribed, completed at once and left open for a moment': async (target, random) => {
    const socket = await acknowledged(target);
    for (const id of ['a', 'b']) {
      socket.write(subscribe(target, id, random));
      socket.write(frame({ id, type: 'complete' }));
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    leave(socket, random);
  },
};

/** Those who hold on to a server that is to end. Nobody of them reads anything more, or ever answers a close. */
export const deafClients: Readonly<Record<string, (target: VisitTarget) => Promise<Socket>>> = {
  'a WebSocket that is subscribed': async (target) => {
    const socket = await acknowledged(target);
    const variables = { groupId: target.groupId };
    socket.write(frame({ id: 'a', type: 'subscribe', payload: { query: subscriptions[0], variables } }));
    return socket.pause();
  },
  'a WebSocket that is idle': async (target) => (await acknowledged(target)).pause(),
  'a WebSocket without connection_init': async (target) => (await upgraded(target)).pause(),
  'a stream of events': async (target) => {
    const socket = await open(target);
    socket.write(request(target, subscriptions[0] ?? '', 'text/event-stream'));
    await hear(socket);
    return socket.pause();
  },
  'half of a request': async (target) => {
    const socket = await open(target);
    socket.write(request(target, page, 'application/json').slice(0, -20));
    return socket.pause();
  },
  'half of an upgrade': async (target) => {
    const socket = await open(target);
    socket.write(upgrade(target).slice(0, -20));
    return socket.pause();
  },
  'a connection that says nothing': async (target) => (await open(target)).pause(),
  'a connection whose own end is open': async ({ port }) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => {});
    await once(socket, 'connect');
    return socket;
  },
};
