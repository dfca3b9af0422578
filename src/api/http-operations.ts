import { type IncomingHttpHeaders, type IncomingMessage, STATUS_CODES } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { atExpiry, type Viewer } from '../rights/viewer.ts';
import { compressedFor } from './compressed-answer.ts';
import { endableStream } from './endable-stream.ts';
import { answerGraphiQL, asksForGraphiQL } from './graphiql-page.ts';
import type { Yoga } from './graphql.ts';
import { isJsonBomb } from './json-bombs.ts';
import { refusalBody } from './raw-answers.ts';

export interface HttpOperations {
  answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>;
  /** Ends the subscriptions that are served as server-sent events: whoever listens comes back elsewhere. */
  endStreams(): void;
}

export interface HttpOperationsOptions {
  readonly yoga: Yoga;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Whose connection it is: see clientAddress. */
  readonly addressOf: (request: IncomingMessage) => string | undefined;
  /** Whether a browser that comes to look is shown GraphiQL. */
  readonly graphiql: boolean;
}

/** GraphQL over HTTP: a body that was read within its bounds goes in, an answer or a stream of events comes out. */
export function createHttpOperations({ yoga, now, addressOf, graphiql }: HttpOperationsOptions): HttpOperations {
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
      if (graphiql && asksForGraphiQL(request)) return answerGraphiQL(request, reply);
      if (!isReadable(request.url)) {
        return reply
          .status(400)
          .send(refusalBody('REQUEST_UNREADABLE', 'The query string is not UTF-8, written in % and digits.'));
      }
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
      response.headers.forEach((value, name) => {
        // The length is another one where it is compressed; of a stream of events yoga says `none`, which is no encoding.
        if (!/^content-(length|encoding)$/i.test(name)) void reply.header(name, value);
      });
      void reply.status(response.status);
      const type = response.headers.get('content-type') ?? '';
      if (response.body !== null && /^(text\/event-stream|multipart\/mixed)/.test(type)) {
        // When the stream ends its client is to notice, also one that waits for the connection's end.
        return reply.header('connection', 'close').send(follow(response.body, viewer, reply));
      }
      const text = await response.text();
      // What yoga refuses before it has parsed anything has no body of its own.
      if (text !== '' || response.status < 400) {
        const { bytes, encoding } = await compressedFor(request.headers['accept-encoding'], Buffer.from(text));
        if (encoding !== undefined) void reply.header('content-encoding', encoding);
        return reply.send(bytes);
      }
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
    headers: withLowerCaseType(headers),
    signal,
    ...(Buffer.isBuffer(body) && method !== 'GET' && { body: body.toString() }),
  });
}

/** The names of media types are written in any case (RFC 9110, 8.3.1), and yoga knows them in one. */
function withLowerCaseType(headers: IncomingHttpHeaders): Record<string, string> {
  const { 'content-type': type } = headers;
  return { ...headers, ...(type !== undefined && { 'content-type': type.toLowerCase() }) } as Record<string, string>;
}

/** Of a query string that is no UTF-8, yoga would make a document of other letters than were sent. */
function isReadable(url: string): boolean {
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}
