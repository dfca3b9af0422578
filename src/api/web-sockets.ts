import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyBaseLogger } from 'fastify';
import { type DocumentNode, type ExecutionArgs, GraphQLError } from 'graphql';
import { type Extra, useServer } from 'graphql-ws/use/ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { unauthenticated } from '../rights/access-refusal.ts';
import { atExpiry, type Viewer } from '../rights/viewer.ts';
import { withClosedCode } from './error-table.ts';
import type { Yoga } from './graphql.ts';
import type { Services } from './services.ts';

export interface WebSocketsOptions {
  readonly server: HttpServer;
  readonly yoga: Yoga;
  readonly services: Services;
  readonly logger: FastifyBaseLogger;
  readonly allowedOrigins: readonly string[];
}

const path = '/graphql';
const maximumFrameBytes = 1024 * 1024;
const initTimeoutMilliseconds = 10_000;
/** A peer that does not answer 1001 in this time is cut off. */
const closeTimeoutMilliseconds = 5_000;
/** What a socket may have waiting to be sent. Beyond it the reader is too slow: it is closed, and resumes at a version. */
const maximumBufferedBytes = 8 * 1024 * 1024;
const bufferCheckMilliseconds = 1_000;
/** Close codes of this server's own, in the range that applications may use. */
export const closeCodes = { tokenExpired: 4403, tooSlow: 4410 } as const;

type Connection = Extra & Record<PropertyKey, unknown> & { viewer?: Viewer; expiry?: NodeJS.Timeout };

const initPayload = z.object({ authorization: z.string() });

/**
 * GraphQL over WebSocket (graphql-transport-ws). A socket is one viewer's: the token comes with connection_init, and its
 * expiry closes the socket.
 */
export function serveWebSockets(options: WebSocketsOptions): { close(): Promise<void> } {
  const { server, yoga, services, logger } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maximumFrameBytes,
    handleProtocols: (protocols) => (protocols.has('graphql-transport-ws') ? 'graphql-transport-ws' : false),
  });
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (new URL(request.url ?? '/', 'http://localhost').pathname !== path) return refuse(socket, 404);
    if (!isAllowedOrigin(request, options.allowedOrigins)) return refuse(socket, 403);
    sockets.handleUpgrade(request, socket, head, (webSocket) => sockets.emit('connection', webSocket, request));
  };
  server.on('upgrade', upgrade);

  const graphql = useServer<Record<string, unknown>, Connection>(
    {
      connectionInitWaitTimeout: initTimeoutMilliseconds,
      onConnect: async ({ connectionParams, extra }) => {
        const authorization = initPayload.safeParse(connectionParams).data?.authorization ?? null;
        const viewer = await services.tokens.verify(authorization);
        // The protocol's code for it is 4403, with which a client does not try again.
        if ('refused' in viewer) return false;
        extra.viewer = viewer;
        const expired = () => extra.socket.close(closeCodes.tokenExpired, 'Token expired');
        extra.expiry = atExpiry(viewer, services.now(), expired);
        return true;
      },
      onDisconnect: ({ extra }) => clearTimeout(extra.expiry),
      onSubscribe: async ({ extra }, _id, payload) => {
        const viewer = extra.viewer ?? { refused: unauthenticated('Send connection_init first.') };
        const enveloped = yoga.getEnveloped({ socketViewer: viewer, params: payload });
        const { schema, execute, subscribe, contextFactory, parse, validate } = enveloped;
        const document = readDocument(() => parse(payload.query));
        if (document instanceof GraphQLError) return [document];
        const errors: readonly GraphQLError[] = validate(schema, document);
        if (errors.length > 0) return errors.map(withClosedCode);
        const args: ExecutionArgs & { rootValue: object } = {
          schema,
          document,
          operationName: payload.operationName ?? null,
          variableValues: payload.variables ?? null,
          contextValue: await contextFactory(),
          rootValue: { execute, subscribe },
        };
        return args;
      },
      execute: (args) => (args.rootValue as { execute: (args: unknown) => never }).execute(args),
      subscribe: (args) => (args.rootValue as { subscribe: (args: unknown) => never }).subscribe(args),
      onError: (_context, _id, _payload, errors) => {
        logger.debug({ errors }, 'an operation over WebSocket was refused');
      },
    },
    sockets,
  );
  const watch = setInterval(() => closeSlowSockets(sockets.clients), bufferCheckMilliseconds);
  watch.unref();

  return {
    async close() {
      clearInterval(watch);
      server.off('upgrade', upgrade);
      for (const socket of sockets.clients) socket.close(1001, 'Going away');
      const cutOff = setTimeout(() => {
        for (const socket of sockets.clients) socket.terminate();
      }, closeTimeoutMilliseconds);
      await graphql.dispose();
      clearTimeout(cutOff);
    },
  };
}

/** A document with an error of syntax is answered; it does not close the socket. */
function readDocument(parse: () => DocumentNode): DocumentNode | GraphQLError {
  try {
    return parse();
  } catch (error) {
    if (error instanceof GraphQLError) return withClosedCode(error);
    throw error;
  }
}

function closeSlowSockets(clients: Iterable<WebSocket>): void {
  for (const socket of clients) {
    if (socket.bufferedAmount <= maximumBufferedBytes) continue;
    socket.close(closeCodes.tooSlow, 'Too slow: resume');
    setTimeout(() => socket.terminate(), closeTimeoutMilliseconds).unref();
  }
}

/** Programs send no Origin; pages do, and only the server's own and those allowed may open a socket. */
function isAllowedOrigin({ headers }: IncomingMessage, allowed: readonly string[]): boolean {
  const { origin, host } = headers;
  return (
    origin === undefined || origin === `http://${host}` || origin === `https://${host}` || allowed.includes(origin)
  );
}

function refuse(socket: Duplex, status: 403 | 404): void {
  socket.end(`HTTP/1.1 ${status} ${status === 403 ? 'Forbidden' : 'Not Found'}\r\nConnection: close\r\n\r\n`);
}
