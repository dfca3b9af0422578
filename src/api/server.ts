import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyBaseLogger, FastifyReply } from 'fastify';
import { clientAddress, networksOf } from './client-address.ts';
import { type EdgeLimits, edgeLimits } from './edge-limits.ts';
import { createGraphQL } from './graphql.ts';
import { addHealth, addHooks, createApp, methodsOf, type Readiness } from './http-app.ts';
import { createHttpOperations, type HttpOperations } from './http-operations.ts';
import { createPersistedDocuments } from './persisted-documents.ts';
import { createRateLimits, type RateLimitSettings } from './rate-limits.ts';
import { answerClientError, refusalBody } from './raw-answers.ts';
import { followRequests } from './requests-under-way.ts';
import type { Services } from './services.ts';
import { listenForUpgrades } from './upgrades.ts';
import { serveWebSockets, type WebSockets } from './web-sockets.ts';

export type { Readiness } from './http-app.ts';

export interface ServerOptions {
  /** Asked at every look at /ready; what it throws is a reason not to be ready. */
  readonly ready: () => Promise<Readiness>;
  readonly logger: FastifyBaseLogger;
  readonly host: string;
  readonly port: number;
  /** Origins, besides the server's own, whose pages may use the API. */
  readonly allowedOrigins: readonly string[];
  /** Whether a browser that comes to look is shown GraphiQL; not, without it. */
  readonly graphiql?: boolean;
  /** Without them there are none. */
  readonly rateLimits?: RateLimitSettings | undefined;
  /** Networks whose X-Forwarded-For is believed; none without them. */
  readonly trustedProxies?: readonly string[];
  /** Others than the defaults only in tests, which do not wait for half a minute. */
  readonly limits?: Partial<EdgeLimits>;
}

export interface Server {
  /** Where it listens: `http://host:port`. */
  readonly url: string;
  /** Begins to answer GraphQL. Before, every request for it is told UNAVAILABLE. */
  open(services: Services): void;
  /**
   * Tells all subscribers to resume, because nothing comes to them here: sockets are closed with 4410, streams of events
   * end. Requests are answered as before.
   */
  sendAway(): void;
  /**
   * Answers what is under way and refuses what is new; tells WebSockets to reconnect elsewhere, ends streams of events, and
   * cuts off whoever does not go in time. Resolves when no connection is left. Never rejects.
   */
  close(): Promise<void>;
}

/** GraphQL once it is served. */
interface Open {
  readonly operations: HttpOperations;
  readonly sockets: WebSockets;
  /** Whether an authorization is somebody's. */
  isKnown(authorization: string | null): Promise<boolean>;
}

/**
 * GraphQL over HTTP (queries, mutations, subscriptions as server-sent events) and over WebSocket, both at /graphql; and
 * /health and /ready, which answer from the start, so that whoever runs the process sees what it waits for.
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { logger, host, port, allowedOrigins } = options;
  const limits = { ...edgeLimits, ...options.limits };
  let open: Open | undefined;
  const app = createApp({
    logger,
    limits,
    onClientError(error, socket) {
      if (error.code === 'ECONNRESET' || socket.destroyed || requests.hasBegun(socket)) socket.destroy();
      else answerClientError(error, socket);
    },
    isKnown: async (authorization) => open?.isKnown(authorization) ?? false,
  });
  const requests = followRequests(app.server);
  const sockets = () => (requests.draining() ? undefined : open?.sockets);
  listenForUpgrades({ server: app.server, allowedOrigins, logger, sockets });
  addHooks(app, requests, allowedOrigins, limits);
  app.route({
    url: '/graphql',
    method: ['GET', 'POST'],
    preParsing: (_request, reply, payload, next) => {
      if (open === undefined) notOpen(reply);
      else next(null, payload);
    },
    handler: (request, reply) => (open === undefined ? notOpen(reply) : open.operations.answer(request, reply)),
  });
  app.options('/graphql', (_request, reply) => reply.status(204).header('allow', methodsOf('/graphql')).send());
  addHealth(app, options.ready);
  await app.listen({ host, port });
  // Running out of descriptors, say: a connection is not accepted, and the next one may be.
  app.server.on('error', (error) => logger.error({ err: error }, 'a connection could not be accepted'));
  const { family, address, port: boundPort } = app.server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${boundPort}`,
    open(services) {
      const rateLimits = createRateLimits(options.rateLimits, () => performance.now());
      const trusted = networksOf(options.trustedProxies ?? []);
      const addressOf = (request: IncomingMessage) => clientAddress(request, trusted);
      const persisted = createPersistedDocuments();
      const yoga = createGraphQL(services, logger, rateLimits, persisted);
      open = {
        operations: createHttpOperations({ yoga, now: services.now, addressOf, graphiql: options.graphiql === true }),
        isKnown: async (authorization) => !('refused' in (await services.tokens.verify(authorization))),
        sockets: serveWebSockets({ yoga, services, persisted, logger, limits, rateLimits, addressOf }),
      };
    },
    sendAway() {
      open?.sockets.sendAway();
      open?.operations.endStreams();
    },
    async close() {
      const drained = requests.drain(limits.drainMilliseconds);
      const socketsClosed = open?.sockets.close();
      open?.operations.endStreams();
      await drained;
      const closed = app.close();
      // Those that have sent nothing or half of a request, and what was not answered in time.
      app.server.closeAllConnections();
      await Promise.all([closed, socketsClosed]);
    },
  };
}

function notOpen(reply: FastifyReply): FastifyReply {
  const message = 'This process does not serve GraphQL, or not yet: it waits for a store. See /ready.';
  return reply.status(503).send(refusalBody('NOT_SERVING', message));
}
