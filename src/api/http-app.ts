import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { EdgeLimits } from './edge-limits.ts';
import { crossOriginHeaders, securityHeaders } from './origins.ts';
import { refusalBody } from './raw-answers.ts';
import type { RefusalReason } from './refusal-reasons.ts';
import { type BodyLimit, BodyRefused, readBody } from './request-body.ts';
import { requestIdOf } from './request-id.ts';
import type { RequestsUnderWay } from './requests-under-way.ts';
import { isWebSocketUpgrade } from './upgrades.ts';

/** What /ready answers. */
export interface Readiness {
  readonly ready: boolean;
  readonly [detail: string]: unknown;
}

/** What may be done where: every other method is told these. */
const methods: Readonly<Record<string, string>> = {
  '/graphql': 'GET, POST, OPTIONS',
  '/health': 'GET, HEAD',
  '/ready': 'GET, HEAD',
};

export const methodsOf = (path: string): string | undefined =>
  Object.hasOwn(methods, path) ? methods[path] : undefined;

export interface AppOptions {
  readonly logger: FastifyBaseLogger;
  readonly limits: EdgeLimits;
  readonly onClientError: (error: NodeJS.ErrnoException, socket: Socket) => void;
  /** Whether an authorization is somebody's. */
  readonly isKnown: (authorization: string | null) => Promise<boolean>;
}

/** HTTP before it is GraphQL: what is no request, has no place here or is too large is answered as GraphQL's errors are. */
export function createApp({ logger, limits, onClientError, isKnown }: AppOptions): FastifyInstance {
  const app = fastify({
    loggerInstance: logger,
    // Two lines for each mark of ten thousand readers would say nothing and cost more than the marks.
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: limits.requestMilliseconds,
    connectionTimeout: limits.stalledMilliseconds,
    clientErrorHandler: onClientError,
    genReqId: requestIdOf,
    requestIdHeader: false,
    // A path that cannot be decoded. It has come to no route, and so to no hook.
    frameworkErrors: (error, _request, { raw }) => answerRaw(raw, 400, error.message),
    http: {
      maxHeaderSize: limits.maximumHeaderBytes,
      headersTimeout: limits.requestMilliseconds,
      connectionsCheckingInterval: limits.requestCheckMilliseconds,
      shouldUpgradeCallback: isWebSocketUpgrade,
      // It is looked at below: Node answers with nothing at all.
      requireHostHeader: false,
    },
  });
  app.server.on('checkExpectation', (_request, response) => {
    // Its body is not read.
    response.setHeader('connection', 'close');
    answerRaw(response, 417, 'The only expectation that is met is 100-continue.');
  });
  // Whatever a body says it is, it is read here, within its bound, and parsed by GraphQL.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', async (request: FastifyRequest, payload: FastifyRequest['raw']) =>
    readBody(payload, request.headers, await limitOf(request, limits, isKnown)),
  );
  app.setErrorHandler<NodeJS.ErrnoException & { statusCode?: number }>((error, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return refuseInMidst(request, reply, error);
    logger.error({ err: error }, 'a request failed');
    return reply.status(status).send(refusalBody('UNEXPECTED', 'Something unexpected went wrong here.'));
  });
  app.setNotFoundHandler(({ url }, reply) => {
    const allowed = methodsOf(url.split('?', 1)[0] ?? '');
    if (allowed === undefined) return reply.status(404).send(refusalBody('PATH_NOT_FOUND', 'Nothing is here.'));
    const message = `This is here for ${allowed}.`;
    return reply.status(405).header('allow', allowed).send(refusalBody('REQUEST_UNREADABLE', message));
  });
  return app;
}

function answerRaw(response: ServerResponse, status: number, message: string): void {
  const body = JSON.stringify(refusalBody('REQUEST_UNREADABLE', message));
  const type = 'application/json; charset=utf-8';
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** A body is held in memory before it is anything, so one that is large is taken from those only who are known. */
async function limitOf(
  { headers, routeOptions }: FastifyRequest,
  { maximumBodyBytes, maximumAnonymousBodyBytes }: EdgeLimits,
  isKnown: AppOptions['isKnown'],
): Promise<BodyLimit> {
  // One that comes in chunks, or compressed, does not say how large it is.
  const saysItsLength = headers['transfer-encoding'] === undefined && headers['content-encoding'] === undefined;
  const isSmall = saysItsLength && Number(headers['content-length'] ?? 0) <= maximumAnonymousBodyBytes;
  const isForKnown = !isSmall && routeOptions.url === '/graphql' && (await isKnown(headers.authorization ?? null));
  return { maximumBytes: isForKnown ? maximumBodyBytes : maximumAnonymousBodyBytes, isAnonymous: !isForKnown };
}

/** Answers before the body has come whole. What is left of it is read and forgotten, or its sender would see a reset. */
function refuseInMidst({ raw }: FastifyRequest, reply: FastifyReply, error: Error & { statusCode?: number }) {
  reply.removeHeader('connection');
  if (!raw.complete && !reply.raw.shouldKeepAlive) {
    // Node would end the connection of a client that wants it closed with the answer.
    reply.raw.shouldKeepAlive = true;
    const end = () => {
      if (raw.complete && reply.raw.writableFinished) raw.socket.destroySoon();
    };
    raw.once('end', end);
    reply.raw.once('finish', end);
  }
  const [reason, headers] =
    error instanceof BodyRefused ? [error.reason, error.headers] : (['REQUEST_UNREADABLE', {}] as const);
  return reply
    .status(error.statusCode ?? 400)
    .headers(headers)
    .send(refusalBody(reason, error.message));
}

export function addHooks(
  app: FastifyInstance,
  requests: RequestsUnderWay,
  allowedOrigins: readonly string[],
  { maximumPipelinedRequests }: EdgeLimits,
): void {
  app.addHook('onRequest', (request, reply, next) => {
    reply.headers({
      ...securityHeaders,
      ...crossOriginHeaders(request.headers, allowedOrigins),
      'x-request-id': request.id,
    });
    const { httpVersionMajor, httpVersionMinor, headersDistinct, socket } = request.raw;
    if (requests.draining())
      refuseLast(reply, 503, 'NOT_SERVING', 'This process is about to end. Send the same again.');
    else if (requests.countOn(socket) > maximumPipelinedRequests)
      refuseLast(reply, 429, 'TOO_MANY_AT_ONCE', 'Too many requests on one connection that wait for their answers.');
    // With two of them, whoever is between client and server may have heeded the other (RFC 9112, 3.2).
    else if (headersDistinct['host']?.length !== 1 && httpVersionMajor === 1 && httpVersionMinor === 1)
      refuseLast(reply, 400, 'REQUEST_UNREADABLE', 'A request has one Host.');
    else next();
  });
}

/** The connection ends with this answer, and what it has asked for after this is not looked at. */
function refuseLast(reply: FastifyReply, status: number, reason: RefusalReason, message: string): FastifyReply {
  return reply.status(status).header('connection', 'close').send(refusalBody(reason, message));
}

export function addHealth(app: FastifyInstance, ready: () => Promise<Readiness>): void {
  app.get('/health', async () => ({ status: 'ok' }));
  app.get('/ready', async (_request, reply) => {
    const readiness = await ready().catch((error: unknown) => ({ ready: false, reason: String(error) }));
    return reply.status(readiness.ready ? 200 : 503).send(readiness);
  });
}
