import type { FastifyBaseLogger } from 'fastify';
import { CloseCode } from 'graphql-ws';
import type { Connection } from './connection.ts';
import type { Protocol } from './graphql-protocol.ts';
import { isJsonBomb } from './json-bombs.ts';

/**
 * One socket's conversation. graphql-ws has a binding for `ws` of its own, which prints every frame that breaks the protocol
 * to standard error; here the client is told by a close code, and the log says it at the level `debug`.
 */
export function speak(protocol: Protocol, connection: Connection, logger: FastifyBaseLogger): void {
  const { socket } = connection;
  // `ws` has closed it with the code that says why (1002, 1007, 1009) before it tells of the error.
  socket.on('error', (error) => logger.debug({ err: error }, 'a WebSocket has failed'));
  socket.on('pong', () => {
    connection.alive = true;
  });

  function failed(error: unknown): void {
    // The peer has gone while it was being answered.
    if (socket.readyState !== socket.OPEN) return;
    if (isUnexpectedMessage(error)) {
      socket.close(CloseCode.BadRequest, 'Invalid message received');
      return;
    }
    logger.error({ err: error }, 'a message over WebSocket could not be handled');
    socket.close(CloseCode.InternalServerError, 'Internal server error');
  }

  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send: (text) =>
        new Promise((resolve, reject) => {
          if (socket.readyState !== socket.OPEN) return resolve();
          socket.send(text, (error) => (error ? reject(error) : resolve()));
        }),
      close: (code, reason) => socket.close(code, shortened(reason)),
      onMessage(handle) {
        socket.on('message', (data, isBinary) => {
          // What comes after a close was decided on is nobody's any more.
          if (socket.readyState !== socket.OPEN) return;
          if (isBinary) socket.close(CloseCode.BadRequest, 'Messages are text');
          else if (isJsonBomb(data as Buffer)) socket.close(CloseCode.BadRequest, 'Message too intricate');
          else handle(String(data)).catch(failed);
        });
      },
    },
    connection,
  );
  socket.once('close', (code, reason) => {
    closed(code, String(reason)).catch((error: unknown) =>
      logger.error({ err: error }, 'a WebSocket could not be cleaned up after'),
    );
  });
}

/** A message of the protocol that only servers send. graphql-ws has no error of its own for it. */
const isUnexpectedMessage = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('Unexpected message of type');

const maximumReasonBytes = 123;

/** A close frame has no room for more, and `ws` throws; reasons quote ids of the client's. */
function shortened(reason: string | undefined): string | undefined {
  if (reason === undefined || Buffer.byteLength(reason) <= maximumReasonBytes) return reason;
  // Three bytes is the most that a character of one UTF-16 unit takes.
  return reason.slice(0, Math.floor(maximumReasonBytes / 3)).toWellFormed();
}
