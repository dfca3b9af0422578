import type { AddressInfo } from 'node:net';
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { createGraphQL, type Yoga } from './graphql.ts';
import type { Services } from './services.ts';
import { serveWebSockets } from './web-sockets.ts';

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
}

export interface Server {
  /** Where it listens: `http://host:port`. */
  readonly url: string;
  /** Begins to answer GraphQL. Before, every request for it is told UNAVAILABLE. */
  open(services: Services): void;
  /** Takes nothing new, tells WebSockets to reconnect elsewhere, and cuts off whoever does not go within 5 s. */
  close(): Promise<void>;
}

const maximumBodyBytes = 4 * 1024 * 1024;

/**
 * GraphQL over HTTP (queries, mutations, subscriptions as server-sent events) and over WebSocket, both at /graphql; and
 * /health and /ready, which answer from the start, so that whoever runs the process sees what it waits for.
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { logger, host, port, allowedOrigins } = options;
  const app = fastify({
    loggerInstance: logger,
    // Two lines for each mark of ten thousand readers would say nothing and cost more than the marks.
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
  });
  let yoga: Yoga | undefined;
  let sockets: ReturnType<typeof serveWebSockets> | undefined;
  app.route({
    url: '/graphql',
    method: ['GET', 'POST', 'OPTIONS'],
    handler: (request, reply) => (yoga === undefined ? notOpen(reply) : answer(yoga, request, reply)),
  });
  // Yoga parses bodies itself; fastify must hand them on as they come.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  addHealth(app, options.ready);
  await app.listen({ host, port });
  const { family, address, port: boundPort } = app.server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${boundPort}`,
    open(services) {
      yoga = createGraphQL(services, logger, allowedOrigins);
      sockets = serveWebSockets({ server: app.server, yoga, services, logger, allowedOrigins });
    },
    async close() {
      await sockets?.close();
      await app.close();
    },
  };
}

function notOpen(reply: FastifyReply): FastifyReply {
  const message = 'This process does not serve GraphQL, or not yet: it waits for a store. See /ready.';
  return reply.status(503).send({ errors: [{ message, extensions: { code: 'UNAVAILABLE' } }] });
}

async function answer(yoga: Yoga, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  if (isTooLarge(request)) {
    const message = `A request must say its length, which is at most ${maximumBodyBytes} bytes.`;
    return reply.status(413).send({ errors: [{ message, extensions: { code: 'BAD_INPUT' } }] });
  }
  const response = await yoga.handleNodeRequestAndResponse(request.raw, reply.raw, {});
  response.headers.forEach((value, name) => void reply.header(name, value));
  void reply.status(response.status);
  void reply.send(response.body);
  return reply;
}

/** Bodies go to yoga unread, so that their size has to be known beforehand: Node itself holds a body to its length. */
function isTooLarge({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > maximumBodyBytes;
}

function addHealth(app: FastifyInstance, ready: () => Promise<Readiness>): void {
  app.get('/health', async () => ({ status: 'ok' }));
  app.get('/ready', async (_request, reply) => {
    const readiness = await ready().catch((error: unknown) => ({ ready: false, reason: String(error) }));
    return reply.status(readiness.ready ? 200 : 503).send(readiness);
  });
}
