import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import type { Viewer } from './auth.ts';
import { createContext, type RequestContext } from './context.ts';
import { documentLimits } from './document-limits.ts';
import { ApiError, clientError, withClosedCode } from './error-table.ts';
import { schema } from './schema/schema.ts';
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

/** What the two ways in hand to yoga: a request, or who a socket belongs to. */
interface InitialContext {
  readonly socketViewer?: Viewer | ApiError;
}

const maximumBodyBytes = 4 * 1024 * 1024;

export type Yoga = YogaServerInstance<InitialContext, RequestContext>;

/** GraphQL over HTTP (queries, mutations, subscriptions as server-sent events) and over WebSocket, both at /graphql. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { services, logger, host, port } = options;
  const app = fastify({
    loggerInstance: logger,
    bodyLimit: maximumBodyBytes,
    forceCloseConnections: true,
    serverFactory: (handler) => createServer(handler),
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

function createGraphQL(services: Services, logger: FastifyBaseLogger, allowedOrigins: readonly string[]): Yoga {
  return createYoga<InitialContext, RequestContext>({
    schema,
    graphqlEndpoint: '/graphql',
    logging: false,
    landingPage: false,
    // Served whole from here, not from a content network: it works where the server does.
    renderGraphiQL,
    graphiql: {
      title: 'Highwater',
      headers: JSON.stringify({ authorization: 'Bearer TOKEN' }, null, 2),
      defaultQuery: '# In Headers, put a token of `npx highwater token --user alice` for TOKEN.\n{ me { id name } }\n',
    },
    cors: { origin: [...allowedOrigins], methods: ['GET', 'POST'], allowedHeaders: ['authorization', 'content-type'] },
    multipart: false,
    maskedErrors: {
      maskError: (error) => {
        const { told, unexpected } = clientError(error);
        if (unexpected) logger.error({ err: error }, 'a request failed');
        return told;
      },
    },
    plugins: [documentLimits(), closedCodes],
    // Over WebSocket there is no request: connection_init has settled who is asking.
    context: async ({ request, socketViewer }) =>
      createContext(services, socketViewer ?? (await readViewer(services, request.headers.get('authorization')))),
  });
}

const closedCodes: Plugin = {
  onExecutionResult({ result, setResult }) {
    if (result === undefined || Array.isArray(result) || !('errors' in result) || result.errors === undefined) return;
    setResult({ ...result, errors: result.errors.map(withClosedCode) });
  },
};

/** Requests carry their right in a header that no foreign page can add by itself, so a form cannot act for a user. */
export async function readViewer(services: Services, authorization: string | null): Promise<Viewer | ApiError> {
  try {
    return await services.tokens.verify(authorization);
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}

async function answer(yoga: Yoga, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const response = await yoga.handleNodeRequestAndResponse(request.raw, reply.raw, {});
  response.headers.forEach((value, name) => void reply.header(name, value));
  void reply.status(response.status);
  void reply.send(response.body);
  return reply;
}

function addHealth(app: FastifyInstance, services: Services): void {
  app.get('/health', async () => ({ status: 'ok' }));
  app.get('/ready', async (_request, reply) => {
    const ready = await services.freshness.ready();
    return reply.status(ready ? 200 : 503).send({ ready, position: services.feed.position() });
  });
}
