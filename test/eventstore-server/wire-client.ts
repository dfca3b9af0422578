import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { onTestFinished } from 'vitest';
import type { EncodedEvent } from '../../src/events/codec.ts';
import { startEventStoreServer } from '../../src/eventstore-server/server.ts';
import type { EventLog } from '../../src/ports/event-log.ts';
import { startWireServer, type WireServer } from '../servers/wire-server.ts';

/** With credentials the client appends by Append, without by BatchAppend. Nobody looks at them. */
export const unary = { credentials: { username: 'admin', password: 'changeit' } };

export interface Wire {
  readonly server: WireServer;
  readonly client: EventStoreDBClient;
}

/** A server with a log of its own and a client that is connected to it, both gone at the end of the test. */
export async function wire(): Promise<Wire> {
  const server = await startWireServer();
  onTestFinished(() => server.stop());
  return { server, client: connected(server.url) };
}

/** The same log behind a second server, which sees it as `change` makes it. */
export async function wireOver(
  { server }: Wire,
  change: (log: EventLog) => EventLog,
): Promise<{ readonly port: number; readonly client: EventStoreDBClient; close(): Promise<void> }> {
  const { port, url, close } = await startEventStoreServer({ log: change(server.log), host: '127.0.0.1', port: 0 });
  onTestFinished(close);
  return { port, client: connected(url), close };
}

function connected(url: string): EventStoreDBClient {
  const client = EventStoreDBClient.connectionString([url] as unknown as TemplateStringsArray);
  onTestFinished(() => client.dispose());
  return client;
}

/** The id is a function of the number, so that the same number again is the same event. */
export function numbered(n: number) {
  return jsonEvent({ id: idOf(n), type: 'Numbered', data: { n } });
}

export const idOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** As the log keeps it. */
export function stored(n: number, type = 'Numbered', text = ''): EncodedEvent {
  return { eventId: idOf(n), type, data: JSON.stringify({ n, text }), metadata: '' };
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}
