import type { FastifyBaseLogger } from 'fastify';
import { type DocumentNode, type ExecutionArgs, GraphQLError } from 'graphql';
import { makeServer, type Server } from 'graphql-ws';
import { z } from 'zod';
import { unauthenticated } from '../rights/access-refusal.ts';
import { atExpiry } from '../rights/viewer.ts';
import { type Connection, closeCodes } from './connection.ts';
import { ApiError, withClosedCode } from './error-table.ts';
import type { Yoga } from './graphql.ts';
import type { RateLimits } from './rate-limits.ts';
import { authenticate } from './request-rates.ts';
import type { Services } from './services.ts';

export type Protocol = Server<Connection>;

const initPayload = z.object({ authorization: z.string() });

type Executed = { readonly execute: (args: unknown) => never; readonly subscribe: (args: unknown) => never };

/** The protocol's states and messages (graphql-ws), with parsing, limits, rights and errors as they are over HTTP. */
export function createProtocol(options: {
  readonly yoga: Yoga;
  readonly services: Services;
  readonly logger: FastifyBaseLogger;
  readonly rateLimits: RateLimits;
  readonly initMilliseconds: number;
}): Protocol {
  const { yoga, services, logger, rateLimits, initMilliseconds } = options;
  return makeServer<Record<string, unknown>, Connection>({
    connectionInitWaitTimeout: initMilliseconds,
    onConnect: async ({ connectionParams, extra }) => {
      const authorization = initPayload.safeParse(connectionParams).data?.authorization ?? null;
      const viewer = await admitted(() => authenticate(services.tokens, rateLimits, authorization, extra.address));
      // The protocol's code for it is 4403, with which a client does not try again.
      if (viewer === undefined) extra.socket.close(closeCodes.tooMany, 'Too many tokens have failed: come back later');
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
    onSubscribe: async ({ extra }, _id, payload) => {
      const viewer = extra.viewer ?? { refused: unauthenticated('missing', 'Send connection_init first.') };
      const enveloped = yoga.getEnveloped({
        socketViewer: viewer,
        params: payload,
        origin: { address: extra.address, socket: extra },
      });
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
        rootValue: { execute: (executed: ExecutionArgs) => countUnderWay(extra, () => execute(executed)), subscribe },
      };
      return args;
    },
    execute: (args) => (args.rootValue as Executed).execute(args),
    subscribe: (args) => (args.rootValue as Executed).subscribe(args),
    onError: (_context, _id, _payload, errors) => {
      logger.debug({ errors }, 'an operation over WebSocket was refused');
    },
  });
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

/** A document with an error of syntax is answered; it does not close the socket. */
function readDocument(parse: () => DocumentNode): DocumentNode | GraphQLError {
  try {
    return parse();
  } catch (error) {
    if (error instanceof GraphQLError) return withClosedCode(error);
    throw error;
  }
}
