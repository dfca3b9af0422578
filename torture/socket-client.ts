import { once } from 'node:events';
import { WebSocket } from 'ws';

/** What came over a socket or a stream of events, and when. */
export interface Received {
  /** By `performance.now()`. */
  readonly at: number;
  readonly text: string;
}

export interface SocketClient {
  readonly socket: WebSocket;
  /** Items of subscriptions, as they came. */
  readonly items: readonly Received[];
  /** Resolves with the code that the socket was closed with. */
  readonly closed: Promise<{ readonly code: number; readonly at: number }>;
  subscribe(query: string, variables?: object): void;
  end(): void;
}

/** A graphql-transport-ws client that shows what a library would hide. Resolves once it is acknowledged. */
export async function openSocketClient(url: string, token: string): Promise<SocketClient> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const items: Received[] = [];
  const acknowledged = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<{ code: number; at: number }>();
  let subscriptions = 0;
  socket.on('message', (data: Buffer) => {
    const text = data.toString();
    if (text.includes('"connection_ack"')) acknowledged.resolve();
    if (text.includes('"type":"next"')) items.push({ at: performance.now(), text });
  });
  socket.on('error', () => {});
  socket.on('close', (code: number) => {
    closed.resolve({ code, at: performance.now() });
    acknowledged.reject(new Error(`closed with ${code} before it was acknowledged`));
  });
  await Promise.race([once(socket, 'open'), closed.promise]);
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }));
  await acknowledged.promise;
  return {
    socket,
    items,
    closed: closed.promise,
    subscribe(query, variables = {}) {
      subscriptions += 1;
      socket.send(JSON.stringify({ id: String(subscriptions), type: 'subscribe', payload: { query, variables } }));
    },
    end: () => socket.terminate(),
  };
}

export interface EventsClient {
  readonly items: readonly Received[];
  /** Resolves when the server has ended the response, with when that was. */
  readonly ended: Promise<number>;
  end(): void;
}

/** A subscription as server-sent events. */
export function openEventsClient(url: string, token: string, query: string, variables: object): EventsClient {
  const abort = new AbortController();
  const items: Received[] = [];
  async function read(): Promise<number> {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query, variables }),
      signal: abort.signal,
    });
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      if (chunk.includes('"data":{')) items.push({ at: performance.now(), text: chunk });
    }
    return performance.now();
  }
  return { items, ended: read().catch(() => performance.now()), end: () => abort.abort() };
}
