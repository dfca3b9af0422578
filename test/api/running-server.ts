import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient, type SubscribePayload } from 'graphql-ws';
import type { Logger } from 'pino';
import { WebSocket } from 'ws';
import type { EdgeLimits } from '../../src/api/edge-limits.ts';
import { readConfig } from '../../src/config.ts';
import type { EventLog } from '../../src/ports/event-log.ts';
import { createLogger } from '../../src/processes/logger.ts';
import { serve } from '../../src/processes/serve.ts';
import { scopedLog } from './scoped-log.ts';

/** What a stock client sees of one answer. */
export interface Answer {
  readonly status: number;
  readonly data: Record<string, never> | null | undefined;
  readonly errors: readonly { readonly message: string; readonly extensions: { readonly code: string } }[] | undefined;
}

export interface Person {
  readonly userId: string;
  readonly token: string;
  /** One request over HTTP. */
  ask(query: string, variables?: object): Promise<Answer>;
  /** The data of a request that must not fail. */
  get<Data>(query: string, variables?: object): Promise<Data>;
  /** The code of a request that must fail. */
  refused(query: string, variables?: object): Promise<string>;
  /** A graphql-ws client of one socket. */
  connect(): Client;
}

export interface RunningServer {
  readonly url: string;
  readonly dataDirectory: string;
  readonly services: Awaited<ReturnType<typeof serve>>['services'];
  /** Somebody with a token, which calls them `name`: their id unless given. */
  person(userId: string, seconds?: number, name?: string): Promise<Person>;
  /** Stops the server and starts one on the same data directory. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * What the tests run on: embedded stores in the data directory, or the servers that HIGHWATER_EVENTSTORE_URL and
 * HIGHWATER_MONGODB_URL name, in a database and a part of the log of its own.
 */
function storesOf(dataDirectory: string): { environment: NodeJS.ProcessEnv; wrapLog?: (log: EventLog) => EventLog } {
  const { HIGHWATER_EVENTSTORE_URL: eventStore, HIGHWATER_MONGODB_URL: mongo } = process.env;
  const scope = randomUUID().slice(0, 8);
  const environment = { HIGHWATER_DATA: dataDirectory, HIGHWATER_PORT: '0' };
  if (eventStore === undefined || mongo === undefined) return { environment };
  const database = new URL(mongo);
  database.pathname = `/highwater-test-${scope}`;
  return {
    environment: { ...environment, HIGHWATER_EVENTSTORE_URL: eventStore, HIGHWATER_MONGODB_URL: String(database) },
    wrapLog: (log) => scopedLog(log, scope),
  };
}

/** A real server on a free port of the loopback, on stores of its own. */
export async function startTestServer(
  options: {
    readonly betweenRuns?: (dataDirectory: string) => Promise<void>;
    /** What it stands on, where that is not the tests' own choice. */
    readonly environment?: NodeJS.ProcessEnv;
    readonly limits?: Partial<EdgeLimits>;
    readonly logger?: Logger;
    readonly allowedOrigins?: string;
  } = {},
): Promise<RunningServer> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'highwater-test-'));
  const own = { HIGHWATER_DATA: dataDirectory, HIGHWATER_PORT: '0', ...options.environment };
  const { environment, ...stores } = options.environment === undefined ? storesOf(dataDirectory) : { environment: own };
  const { limits = {}, logger = createLogger({ logLevel: 'silent' }), allowedOrigins = '' } = options;
  const config = readConfig({ ...environment, HIGHWATER_ALLOWED_ORIGINS: allowedOrigins });
  const start = () => serve(config, { logger, limits, ...stores });
  let running = await start();
  const clients = new Set<Client>();

  return {
    get url() {
      return running.server.url;
    },
    get services() {
      return running.services;
    },
    dataDirectory,
    async person(userId, seconds = 600, name = userId) {
      const token = await running.services.tokens.issue({ userId, name }, seconds);
      return createPerson(userId, token, () => running.server.url, clients);
    },
    async restart() {
      await running.close();
      await options.betweenRuns?.(dataDirectory);
      running = await start();
    },
    async stop() {
      for (const client of clients) await client.dispose();
      await running.close();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}

function createPerson(userId: string, token: string, url: () => string, clients: Set<Client>): Person {
  async function ask(query: string, variables: object = {}): Promise<Answer> {
    const response = await fetch(`${url()}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await response.json()) as Answer;
    return { status: response.status, data, errors };
  }
  return {
    userId,
    token,
    ask,
    async get<Data>(query: string, variables?: object) {
      const { data, errors } = await ask(query, variables);
      if (errors !== undefined || !data) throw new Error(`refused: ${JSON.stringify(errors)}`);
      return data as Data;
    },
    async refused(query, variables) {
      const { errors } = await ask(query, variables);
      return errors?.[0]?.extensions.code ?? 'not refused';
    },
    connect() {
      const client = createClient({
        url: `${url().replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        connectionParams: { authorization: `Bearer ${token}` },
        retryAttempts: 0,
      });
      clients.add(client);
      return client;
    },
  };
}

/** The next `count` items of a subscription. Rejects when it ends or fails before. */
export async function take<Item>(client: Client, payload: SubscribePayload, count: number): Promise<Item[]> {
  const items: Item[] = [];
  for await (const { data, errors } of client.iterate<Item>(payload)) {
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    if (data) items.push(data);
    if (items.length === count) return items;
  }
  throw new Error(`the subscription ended after ${items.length} of ${count} items`);
}
