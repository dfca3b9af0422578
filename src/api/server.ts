import type { IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { clientAddress, networksOf } from './client-address.ts';
import { type EdgeLimits, edgeLimits } from './edge-limits.ts';
import { createGraphQL } from './graphql.ts';
import { createHttpOperations, type HttpOperations } from './http-operations.ts';
import { crossOriginHeaders, securityHeaders } from './origins.ts';
import { createRateLimits, type RateLimitSettings } from './rate-limits.ts';
import { answerClientError, refusalBody } from './raw-answers.ts';
import type { RefusalReason } from './refusal-reasons.ts';
import { followRequests, type RequestsUnderWay } from './requests-under-way.ts';
import type { Services } from './services.ts';
import { isWebSocketUpgrade, listenForUpgrades } from './upgrades.ts';
import { serveWebSockets, type WebSockets } from './web-sockets.ts';

/** What /ready answers. */
export interface Readiness {
  readonly ready: boolean;
  readonly [detail: string]: unknown;
}

export interface ServerOptions {
  /** Asked at every look at /ready; what it throws is a reason not to be ready. */
  readonly ready: () => Promise<Readiness>;
  readonly logger: FastifyBaseLogger;
  readonly host: string;
  readonly port: number;
  /** Origins, besides the server's own, whose pages may use the API. */
  readonly allowedOrigins: readonly string[];
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
  const app = createApp(logger, limits, (error, socket) => {
    if (error.code === 'ECONNRESET' || socket.destroyed || requests.hasBegun(socket)) socket.destroy();
    else answerClientError(error, socket);
  });
  const requests = followRequests(app.server);
  let open: Open | undefined;
  const sockets = () => (requests.draining() ? undefined : open?.sockets);
  listenForUpgrades({ server: app.server, allowedOrigins, logger, sockets });
  addHooks(app, requests, allowedOrigins, limits);
  app.route({
    url: '/graphql',
    method: ['GET', 'POST'],
    bodyLimit: limits.maximumBodyBytes,
    preParsing: (request, reply, payload, next) => {
      // A body is held in memory before it is anything, so one that is large is taken from those only who are known.
      if (open === undefined) notOpen(reply);
      else if (!isLarge(request, limits)) next(null, payload);
      else {
        open.isKnown(request.headers.authorization ?? null).then((known) => {
          if (known) next(null, payload);
          else refuseLarge(reply, limits);
        }, next);
      }
    },
    handler: (request, reply) => (open === undefined ? notOpen(reply) : open.operations.answer(request, reply)),
  });
  app.options('/graphql', (_request, reply) => reply.status(204).send());
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
      const yoga = createGraphQL(services, logger, rateLimits);
      open = {
        operations: createHttpOperations(yoga, services.now, addressOf),
        isKnown: async (authorization) => !('refused' in (await services.tokens.verify(authorization))),
        sockets: serveWebSockets({ yoga, services, logger, limits, rateLimits, addressOf }),
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

function createApp(
  logger: FastifyBaseLogger,
  limits: EdgeLimits,
  clientErrorHandler: (error: NodeJS.ErrnoException, socket: Socket) => void,
): FastifyInstance {
  const app = fastify({
    loggerInstance: logger,
    // Two lines for each mark of ten thousand readers would say nothing and cost more than the marks.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: limits.maximumAnonymousBodyBytes,
    requestTimeout: limits.requestMilliseconds,
    connectionTimeout: limits.stalledMilliseconds,
    clientErrorHandler,
    // A path that cannot be decoded. It has come to no route, and so to no hook.
    frameworkErrors: (error, _request, { raw }) => {
      raw.writeHead(400, { 'content-type': 'application/json; charset=utf-8' });
      raw.end(JSON.stringify(refusalBody('REQUEST_UNREADABLE', error.message)));
    },
    http: {
      maxHeaderSize: limits.maximumHeaderBytes,
      headersTimeout: limits.requestMilliseconds,
      connectionsCheckingInterval: limits.requestCheckMilliseconds,
      shouldUpgradeCallback: isWebSocketUpgrade,
    },
  });
  // Whatever a body says it is, it is read here, within its bound, and parsed by GraphQL.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setErrorHandler<NodeJS.ErrnoException & { statusCode?: number }>((error, _request, reply) => {
    const status = error.statusCode ?? 500;
    // Not closed at once: the rest of a body that is too large is read and forgotten, or its sender would see a reset.
    if (status < 500)
      return reply.removeHeader('connection').status(status).send(refusalBody('REQUEST_UNREADABLE', error.message));
    logger.error({ err: error }, 'a request failed');
    return reply.status(status).send(refusalBody('UNEXPECTED', 'Something unexpected went wrong here.'));
  });
  app.setNotFoundHandler((_request, reply) =>
    reply.status(404).send(refusalBody('PATH_NOT_FOUND', 'Nothing is here.')),
  );
  return app;
}

function addHooks(
  app: FastifyInstance,
  requests: RequestsUnderWay,
  allowedOrigins: readonly string[],
  { maximumPipelinedRequests }: EdgeLimits,
): void {
  app.addHook('onRequest', (request, reply, next) => {
    reply.headers({ ...securityHeaders, ...crossOriginHeaders(request.headers, allowedOrigins) });
    if (requests.draining())
      refuseLast(reply, 503, 'NOT_SERVING', 'This process is about to end. Send the same again.');
    else if (requests.countOn(request.raw.socket) <= maximumPipelinedRequests) next();
    else refuseLast(reply, 429, 'TOO_MANY_AT_ONCE', 'Too many requests on one connection that wait for their answers.');
  });
}

/** The connection ends with this answer, and what it has asked for after this is not looked at. */
function refuseLast(reply: FastifyReply, status: number, reason: RefusalReason, message: string): FastifyReply {
  return reply.status(status).header('connection', 'close').send(refusalBody(reason, message));
}

/** One that comes in chunks does not say how large it is. */
const isLarge = ({ headers }: FastifyRequest, { maximumAnonymousBodyBytes }: EdgeLimits): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > maximumAnonymousBodyBytes;

function refuseLarge(reply: FastifyReply, { maximumAnonymousBodyBytes }: EdgeLimits): FastifyReply {
  const message = `Without a valid token a request says its length, which is at most ${maximumAnonymousBodyBytes} bytes.`;
  return reply.status(413).send(refusalBody('TOKEN_MISSING', message));
}

function notOpen(reply: FastifyReply): FastifyReply {
  const message = 'This process does not serve GraphQL, or not yet: it waits for a store. See /ready.';
  return reply.status(503).send(refusalBody('NOT_SERVING', message));
}

function addHealth(app: FastifyInstance, ready: () => Promise<Readiness>): void {
  app.get('/health', async () => ({ status: 'ok' }));
  app.get('/ready', async (_request, reply) => {
    const readiness = await ready().catch((error: unknown) => ({ ready: false, reason: String(error) }));
    return reply.status(readiness.ready ? 200 : 503).send(readiness);
  });
}
