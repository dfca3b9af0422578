import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { atExpiry, type Viewer } from '../rights/viewer.ts';
import { endableStream } from './endable-stream.ts';
import { asksForGraphiQL, graphiQLPage } from './graphiql-page.ts';
import type { Yoga } from './graphql.ts';
import { isJsonBomb } from './json-bombs.ts';
import { refusalBody } from './raw-answers.ts';

export interface HttpOperations {
  answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>;
  /** Ends the subscriptions that are served as server-sent events: whoever listens comes back elsewhere. */
  endStreams(): void;
}

/** GraphQL over HTTP: a body that was read within its bounds goes in, an answer or a stream of events comes out. */
export function createHttpOperations(
  yoga: Yoga,
  now: () => number,
  addressOf: (request: IncomingMessage) => string | undefined,
): HttpOperations {
  const streams = new Set<() => void>();

  /** A stream ends with its client, with this process, or with the token that it was begun with. */
  function follow(body: ReadableStream<Uint8Array>, viewer: Viewer | undefined, reply: FastifyReply) {
    const { stream, end } = endableStream(body);
    // Its client may have gone while it began, and nothing tells of that once more.
    if (reply.raw.closed) {
      end();
      return stream;
    }
    const stopExpiry = viewer && atExpiry(viewer, now, end);
    streams.add(end);
    reply.raw.once('close', () => {
      stopExpiry?.();
      streams.delete(end);
    });
    return stream;
  }

  return {
    async answer(request, reply) {
      if (asksForGraphiQL(request)) return reply.type('text/html; charset=utf-8').send(graphiQLPage());
      if (Buffer.isBuffer(request.body) && isJsonBomb(request.body)) {
        return reply
          .status(400)
          .send(refusalBody('REQUEST_UNREADABLE', 'The body is nested too deeply or has too many keys.'));
      }
      let viewer: Viewer | undefined;
      const gone = new AbortController();
      reply.raw.once('close', () => {
        if (!reply.raw.writableFinished) gone.abort();
      });
      const response = await yoga.handleRequest(yogaRequest(yoga, request, gone.signal), {
        admitted: (admitted) => {
          viewer = admitted;
        },
        origin: { address: addressOf(request.raw), socket: undefined },
      });
      response.headers.forEach((value, name) => void reply.header(name, value));
      void reply.status(response.status);
      const type = response.headers.get('content-type') ?? '';
      if (response.body !== null && /^(text\/event-stream|multipart\/mixed)/.test(type)) {
        // When the stream ends its client is to notice, also one that waits for the connection's end.
        return reply.header('connection', 'close').send(follow(response.body, viewer, reply));
      }
      const text = await response.text();
      // What yoga refuses before it has parsed anything has no body of its own.
      if (text !== '' || response.status < 400) return reply.send(text);
      return reply.send(refusalBody('REQUEST_UNREADABLE', `${STATUS_CODES[response.status]}.`));
    },
    endStreams() {
      for (const end of streams) end();
    },
  };
}

/** The path is known and the Host says nothing that is used: neither is parsed, whatever a client puts there. */
function yogaRequest(yoga: Yoga, { method, url, headers, body }: FastifyRequest, signal: AbortSignal): Request {
  const query = url.indexOf('?');
  const { Request } = yoga.fetchAPI;
  return new Request(`http://localhost/graphql${query === -1 ? '' : url.slice(query)}`, {
    method,
    headers: headers as Record<string, string>,
    signal,
    ...(Buffer.isBuffer(body) && method !== 'GET' && { body: body.toString() }),
  });
}
