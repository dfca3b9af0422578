import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyBaseLogger } from 'fastify';
import { WebSocketServer } from 'ws';
import { type Connection, closeCodes } from './connection.ts';
import type { EdgeLimits } from './edge-limits.ts';
import type { Yoga } from './graphql.ts';
import { createProtocol } from './graphql-protocol.ts';
import type { PersistedDocuments } from './persisted-documents.ts';
import type { RateLimits } from './rate-limits.ts';
import { answerAndLetGo } from './raw-answers.ts';
import type { Services } from './services.ts';
import { speak } from './socket-conversation.ts';

export interface WebSocketsOptions {
  readonly yoga: Yoga;
  readonly services: Services;
  readonly persisted: PersistedDocuments;
  readonly logger: FastifyBaseLogger;
  readonly limits: EdgeLimits;
  readonly rateLimits: RateLimits;
  /** Whose connection it is: see clientAddress. */
  readonly addressOf: (request: IncomingMessage) => string | undefined;
}

export interface WebSockets {
  /** Takes over a connection whose upgrade is admitted; what is wrong with the handshake is answered and closed. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Closes every socket with the code that means "resume". */
  sendAway(): void;
  /**
   * Tells every socket to reconnect elsewhere (1001), one with a query or mutation under way once that is answered, and
   * cuts off whoever has not gone after `closeMilliseconds`. Resolves when no socket is left. Never rejects.
   */
  close(): Promise<void>;
}

/**
 * GraphQL over WebSocket (graphql-transport-ws). A socket is one viewer's: the token comes with connection_init, and its
 * expiry closes the socket.
 */
export function serveWebSockets(options: WebSocketsOptions): WebSockets {
  const { yoga, services, persisted, logger, limits, rateLimits } = options;
  const behaviour = {
    noServer: true,
    maxPayload: limits.maximumFrameBytes,
    // However many messages a read has brought, others are looked at after each of them.
    allowSynchronousEvents: false,
    // `ws` itself cuts off a peer that does not answer a close. (Its types do not know it yet.)
    closeTimeout: limits.closeMilliseconds,
    handleProtocols: (protocols: Set<string>): string | false =>
      protocols.has('graphql-transport-ws') ? 'graphql-transport-ws' : false,
  };
  const server = new WebSocketServer(behaviour);
  const protocol = createProtocol({
    ...{ yoga, services, persisted, logger, rateLimits },
    initMilliseconds: limits.initMilliseconds,
  });
  const connections = new Set<Connection>();

  const slow = setInterval(() => {
    for (const { socket } of connections) {
      if (socket.readyState !== socket.OPEN || socket.bufferedAmount <= limits.maximumBufferedBytes) continue;
      logger.info({ waitingBytes: socket.bufferedAmount }, 'a socket is closed: its reader is too slow');
      socket.close(closeCodes.resume, 'Too slow: resume');
    }
  }, limits.bufferCheckMilliseconds);
  let due = performance.now() + limits.pingMilliseconds;
  const pings = setInterval(() => {
    const now = performance.now();
    // The answers to the last round have come or not, but after the thread has stood still they are not read yet.
    const isLate = now > due + limits.pingMilliseconds / 2;
    due = now + limits.pingMilliseconds;
    for (const connection of connections) {
      const { socket, alive } = connection;
      if (socket.readyState !== socket.OPEN || (isLate && !alive)) continue;
      // One that reads again in the next seconds learns to resume; `ws` cuts off the others.
      if (!alive) socket.close(closeCodes.resume, 'No answer to a ping: resume');
      else socket.ping();
      connection.alive = false;
    }
  }, limits.pingMilliseconds);
  slow.unref();
  pings.unref();

  return {
    accept(request, socket, head) {
      const address = options.addressOf(request);
      const leaveAddress = rateLimits.socketOfAddress(address);
      if (leaveAddress === undefined) {
        return answerAndLetGo(socket, 429, 'Too many sockets from this address have not said whose they are.');
      }
      socket.once('close', leaveAddress);
      server.handleUpgrade(request, socket, head, (webSocket) => {
        const { authorization } = request.headers;
        const connection: Connection = {
          ...{ socket: webSocket, address, authorization, leaveAddress },
          alive: true,
          underWay: 0,
        };
        connections.add(connection);
        webSocket.once('close', () => connections.delete(connection));
        speak(protocol, connection, logger);
      });
    },
    sendAway() {
      for (const { socket } of connections) socket.close(closeCodes.resume, 'Nothing comes here: resume');
    },
    async close() {
      clearInterval(pings);
      const gone = new Promise<void>((resolve) => server.close(() => resolve()));
      const leave = ({ socket }: Connection) => socket.close(1001, 'Going away');
      for (const connection of connections) {
        if (connection.underWay === 0) leave(connection);
        // After the answer is on its way: it is sent in the turn in which the operation ends.
        else connection.onAnswered = () => setImmediate(leave, connection);
      }
      const cutOff = setTimeout(() => {
        for (const { socket } of connections) socket.terminate();
      }, limits.closeMilliseconds);
      await gone;
      clearTimeout(cutOff);
      clearInterval(slow);
    },
  };
}
