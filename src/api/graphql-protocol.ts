import type { FastifyBaseLogger } from 'fastify';
import { type ExecutionArgs, type FormattedExecutionResult, GraphQLError, type GraphQLFormattedError } from 'graphql';
import { makeServer, type Server } from 'graphql-ws';
import { type AccessRefusal, tokenExpired, unauthenticated } from '../rights/access-refusal.ts';
import { atExpiry } from '../rights/viewer.ts';
import { type Connection, closeCodes } from './connection.ts';
import { ApiError, withClosedCode } from './error-table.ts';
import type { Yoga } from './graphql.ts';
import type { PersistedDocuments } from './persisted-documents.ts';
import type { RateLimits } from './rate-limits.ts';
import { authenticate } from './request-rates.ts';
import type { Services } from './services.ts';

export type Protocol = Server<Connection>;

/**
 * Where clients put the token: `authorization` or `Authorization` in the payload of connection_init, the same under
 * `headers`, or in the header of the upgrade, which a browser cannot set. The payload is heeded first.
 */
export function authorizationOf(payload: Readonly<Record<string, unknown>> | undefined, upgrade: string | undefined) {
  const inHeaders = payload?.['headers'];
  const places = [payload, typeof inHeaders === 'object' && inHeaders !== null ? inHeaders : undefined];
  for (const [name, value] of places.flatMap((place) => Object.entries(place ?? {}))) {
    if (name.toLowerCase() === 'authorization' && typeof value === 'string') return value;
  }
  return upgrade;
}

type Executed = { readonly execute: (args: unknown) => never; readonly subscribe: (args: unknown) => never };

/** The protocol's states and messages (graphql-ws), with parsing, limits, rights and errors as they are over HTTP. */
export function createProtocol(options: {
  readonly yoga: Yoga;
  readonly services: Services;
  readonly persisted: PersistedDocuments;
  readonly logger: FastifyBaseLogger;
  readonly rateLimits: RateLimits;
  readonly initMilliseconds: number;
}): Protocol {
  const { yoga, services, persisted, logger, rateLimits, initMilliseconds } = options;
  return makeServer<Record<string, unknown>, Connection>({
    connectionInitWaitTimeout: initMilliseconds,
    onConnect: async ({ connectionParams, extra }) => {
      const authorization = authorizationOf(connectionParams, extra.authorization);
      const viewer = await admitted(() => authenticate(services.tokens, rateLimits, authorization, extra.address));
      // A socket that is closed with a code of ours is not closed again with the protocol's 4403.
      if (viewer === undefined) extra.socket.close(closeCodes.tooMany, 'Too many tokens have failed: come back later');
      else if ('refused' in viewer) refuseToken(extra, viewer.refused);
      if (viewer === undefined || 'refused' in viewer) return false;
      // It may have gone meanwhile, and nobody would clear what is begun for it now.
      if (extra.socket.readyState !== extra.socket.OPEN) return false;
      const release = rateLimits.socketOfPerson(viewer.userId);
      if (release === undefined) {
        extra.socket.close(closeCodes.tooMany, 'Too many sockets: come back later');
        return false;
      }
      extra.socket.once('close', release);
      extra.leaveAddress();
      extra.viewer = viewer;
      const expired = () => extra.socket.close(closeCodes.tokenExpired, 'Token expired');
      extra.stopExpiry = atExpiry(viewer, services.now, expired);
      return true;
    },
    onClose: ({ extra }) => extra.stopExpiry?.(),
    onSubscribe: async ({ extra }, _id, asked) => {
      const payload = askedFor(() => persisted.resolve(asked));
      if (payload instanceof GraphQLError) return [payload];
      const viewer = extra.viewer ?? { refused: unauthenticated('missing', 'Send connection_init first.') };
      const enveloped = yoga.getEnveloped({
        socketViewer: viewer,
        params: payload,
        origin: { address: extra.address, socket: extra },
      });
      const { schema, execute, subscribe, contextFactory, parse, validate } = enveloped;
      const document = askedFor(() => parse(payload.query));
      if (document instanceof GraphQLError) return [document];
      const errors: readonly GraphQLError[] = validate(schema, document);
      if (errors.length > 0) return errors.map(withClosedCode);
      const args: ExecutionArgs & { rootValue: object } = {
        schema,
        document,
        operationName: payload.operationName ?? null,
        variableValues: payload.variables ?? null,
        contextValue: await contextFactory(),
        rootValue: { execute: (executed: ExecutionArgs) => countUnderWay(extra, () => execute(executed)), subscribe },
      };
      return args;
    },
    execute: (args) => (args.rootValue as Executed).execute(args),
    subscribe: (args) => (args.rootValue as Executed).subscribe(args),
    onNext: (_context, _id, _payload, _args, result) => {
      const { errors, ...rest } = result;
      return errors && ({ ...rest, errors: errors.map(forSocket) } as FormattedExecutionResult);
    },
    onError: (_context, _id, _payload, errors) => {
      logger.debug({ errors }, 'an operation over WebSocket was refused');
      return errors.map(forSocket);
    },
  });
}

function refuseToken({ socket }: Connection, refusal: AccessRefusal): void {
  if (refusal === tokenExpired) socket.close(closeCodes.tokenExpired, 'Token expired');
  else socket.close(closeCodes.unauthorized, 'Unauthorized: connection_init with {"authorization": "Bearer …"}');
}

/** An error as a socket is told it: with a code, and without what HTTP makes a status of. */
function forSocket(error: GraphQLError): GraphQLFormattedError {
  const formatted = withClosedCode(error).toJSON();
  const { http: _, ...extensions } = formatted.extensions ?? {};
  return { ...formatted, extensions };
}

/** Undefined where the limits refuse to look at the token. */
async function admitted<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}

/** Counts what is to be answered before its socket may be told to go. */
async function countUnderWay(connection: Connection, execute: () => Promise<unknown>): Promise<unknown> {
  connection.underWay += 1;
  try {
    return await execute();
  } finally {
    connection.underWay -= 1;
    if (connection.underWay === 0) connection.onAnswered?.();
  }
}

/** A document with an error of syntax, or one that is not known, is answered; it does not close the socket. */
function askedFor<Found>(find: () => Found): Found | GraphQLError {
  try {
    return find();
  } catch (error) {
    if (error instanceof GraphQLError) return withClosedCode(error);
    throw error;
  }
}
