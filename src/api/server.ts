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

export interface ServerOptions {
  readonly services: Services;
  readonly logger: FastifyBaseLogger;
  readonly host: string;
  readonly port: number;
  /** Origins, besides the server's own, whose pages may use the API. */
  readonly allowedOrigins: readonly string[];
}

export interface Server {
  /** Where it listens: `http://host:port`. */
  readonly url: string;
  /** Takes nothing new, tells WebSockets to reconnect elsewhere, and cuts off whoever does not go within 5 s. */
  close(): Promise<void>;
}

const maximumBodyBytes = 4 * 1024 * 1024;

/** GraphQL over HTTP (queries, mutations, subscriptions as server-sent events) and over WebSocket, both at /graphql. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { services, logger, host, port } = options;
  const app = fastify({
    loggerInstance: logger,
    // Two lines for each mark of ten thousand readers would say nothing and cost more than the marks.
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
  });
  const yoga = createGraphQL(services, logger, options.allowedOrigins);
  app.route({
    url: '/graphql',
    method: ['GET', 'POST', 'OPTIONS'],
    handler: (request, reply) => answer(yoga, request, reply),
  });
  // Yoga parses bodies itself; fastify must hand them on as they come.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  addHealth(app, services);
  const sockets = serveWebSockets({
    server: app.server,
    yoga,
    services,
    logger,
    allowedOrigins: options.allowedOrigins,
  });
  await app.listen({ host, port });
  const { family, address, port: boundPort } = app.server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${boundPort}`,
    async close() {
      await sockets.close();
      await app.close();
    },
  };
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

function addHealth(app: FastifyInstance, services: Services): void {
  app.get('/health', async () => ({ status: 'ok' }));
  app.get('/ready', async (_request, reply) => {
    const ready = await services.freshness.ready();
    return reply.status(ready ? 200 : 503).send({ ready, position: services.feed.position() });
  });
}
