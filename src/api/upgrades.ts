import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyBaseLogger } from 'fastify';
import { isAllowedOrigin } from './origins.ts';
import { answerAndLetGo } from './raw-answers.ts';
import type { WebSockets } from './web-sockets.ts';

const path = '/graphql';

/** Every other upgrade (h2c, say) is not taken: its request is answered as if it had not asked. */
export const isWebSocketUpgrade = ({ method, headers }: IncomingMessage): boolean =>
  method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';

export interface UpgradesOptions {
  readonly server: HttpServer;
  readonly allowedOrigins: readonly string[];
  readonly logger: FastifyBaseLogger;
  /** Undefined while this process takes no sockets: before its stores are there, and once it is told to end. */
  readonly sockets: () => WebSockets | undefined;
}

/**
 * Hands WebSockets over and refuses everything else that asks for a connection of its own. With an upgrade Node takes its
 * listeners off the socket, so from here on each socket has an owner: `ws`, or the refusal that lets go of it.
 */
export function listenForUpgrades({ server, allowedOrigins, logger, sockets }: UpgradesOptions): void {
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // First of all, and for as long as the socket lives.
    socket.on('error', () => socket.destroy());
    try {
      const open = sockets();
      // Not parsed: a target is whatever a client has sent, and only one is served.
      if (request.url?.split('?', 1)[0] !== path) answerAndLetGo(socket, 404, 'WebSockets are at /graphql.');
      else if (request.headersDistinct['host']?.length !== 1) answerAndLetGo(socket, 400, 'A request has one Host.');
      else if (!isAllowedOrigin(request.headers, allowedOrigins)) {
        answerAndLetGo(socket, 403, 'Pages of this origin may not use the API.');
      } else if (open === undefined) answerAndLetGo(socket, 503, 'This process takes no WebSockets now. See /ready.');
      else open.accept(request, socket, head);
    } catch (error) {
      logger.error({ err: error }, 'an upgrade could not be answered');
      socket.destroy();
    }
  });
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    answerAndLetGo(socket, 405, 'This is no proxy.');
  });
}
