import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface RequestsUnderWay {
  /** Whether this process has been told to end: what is new is to be refused. */
  draining(): boolean;
  /** Whether an answer on this connection has begun, so that another one would look like a part of it. */
  hasBegun(socket: Socket): boolean;
  /** How many requests of this connection are not answered yet, the newest included. */
  countOn(socket: Socket): number;
  /**
   * Resolves once what was under way is answered, at the latest after `milliseconds`. A request of which not everything
   * has come by then is among what is given up.
   */
  drain(milliseconds: number): Promise<void>;
}

/** Knows what is being answered, so that a process which is told to end can answer it first. */
export function followRequests(server: HttpServer): RequestsUnderWay {
  /** Of each connection with requests under way: their responses, in order. */
  const connections = new Map<Socket, Set<ServerResponse>>();
  let draining = false;
  let onEmpty: (() => void) | undefined;

  function forget(socket: Socket, response: ServerResponse): void {
    const responses = connections.get(socket);
    responses?.delete(response);
    if (responses?.size === 0) connections.delete(socket);
    if (connections.size === 0) onEmpty?.();
  }

  // Before whoever answers, so that nothing is answered unknown to this.
  server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    const responses = connections.get(socket) ?? new Set();
    connections.set(socket, responses.add(response));
    response.once('close', () => forget(socket, response));
  });

  return {
    draining: () => draining,
    hasBegun: (socket) => [...(connections.get(socket) ?? [])].some(({ headersSent }) => headersSent),
    countOn: (socket) => connections.get(socket)?.size ?? 0,
    async drain(milliseconds) {
      draining = true;
      // What clients have sent before, and nobody here has read yet, is read and refused instead of reset.
      for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
      for (const responses of connections.values()) {
        // With its last answer a connection ends. One before would take the others with it.
        const last = [...responses].at(-1);
        if (last?.headersSent === false) last.setHeader('connection', 'close');
      }
      if (connections.size === 0) return;
      const empty = Promise.withResolvers<void>();
      onEmpty = empty.resolve;
      const giveUp = setTimeout(empty.resolve, milliseconds);
      await empty.promise;
      clearTimeout(giveUp);
    },
  };
}
