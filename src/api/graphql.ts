import type { FastifyBaseLogger } from 'fastify';
import { GraphQLError } from 'graphql';
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import type { AccessRefusal, Refused } from '../rights/access-refusal.ts';
import type { Viewer } from '../rights/viewer.ts';
import { oneMoment } from './answers/one-moment.ts';
import { createContext, type RequestContext } from './context.ts';
import { documentLimits } from './document-limits.ts';
import { clientError, withClosedCode } from './error-table.ts';
import { operationRates } from './operation-rates.ts';
import type { PersistedDocuments } from './persisted-documents.ts';
import type { RateLimits } from './rate-limits.ts';
import { createRefusedRequests } from './refused-requests.ts';
import { authenticate, type Origin, requestRates } from './request-rates.ts';
import { schema } from './schema/schema.ts';
import type { Services } from './services.ts';
import { createTurns } from './turns.ts';

/** What the two ways in hand to yoga: a request, or who a socket belongs to. */
interface InitialContext {
  readonly socketViewer?: Viewer | Refused<AccessRefusal>;
  /** Told whose a request is, for a stream that ends with their token. */
  readonly admitted?: (viewer: Viewer) => void;
  readonly origin?: Origin;
}

export type Yoga = YogaServerInstance<InitialContext, RequestContext>;

/** Parsing, limits, rights and errors of every operation, whichever way it comes. */
export function createGraphQL(
  services: Services,
  logger: FastifyBaseLogger,
  rateLimits: RateLimits,
  persisted: PersistedDocuments,
): Yoga {
  const turns = createTurns(sliceMilliseconds, () => performance.now());
  const refused = createRefusedRequests(logger, () => performance.now());
  return createYoga<InitialContext, RequestContext>({
    schema,
    graphqlEndpoint: '/graphql',
    logging: false,
    landingPage: false,
    // It is a page like any other: see graphiql-page.ts.
    graphiql: false,
    // What pages of other origins may do is settled before (see origins.ts): to yoga, no origin would mean every origin.
    cors: false,
    // A body comes here read and bounded.
    maxRequestBodySize: false,
    multipart: false,
    maskedErrors: {
      maskError: (error) => {
        const { told, cause } = clientError(error);
        if (cause.kind === 'known') refused.met(cause.error);
        if (cause.kind === 'defect') logger.error({ err: error }, 'a request failed');
        return withStatus(told, error);
      },
    },
    // Documents are remembered by documentLimits, bounded in bytes; yoga's own memory is bounded in documents.
    parserAndValidationCache: false,
    plugins: [
      readableRequests,
      resolvesPersisted(persisted),
      documentLimits(),
      operationRates(),
      oneMoment(),
      closedCodes,
    ],
    // Requests carry their right in a header that no foreign page can add by itself, so a form cannot act for a user.
    // Over WebSocket there is no request: connection_init has settled who is asking.
    context: async ({ request, socketViewer, admitted, origin = nowhere }) => {
      const authorization = socketViewer === undefined ? request.headers.get('authorization') : undefined;
      const viewer = socketViewer ?? (await authenticate(services.tokens, rateLimits, authorization, origin.address));
      if (!('refused' in viewer)) admitted?.(viewer);
      return createContext(services, viewer, requestRates(rateLimits, viewer, origin), turns.lane());
    },
  });
}

/** How long answers are made before others are looked at. */
const sliceMilliseconds = 10;

const nowhere: Origin = { address: undefined, socket: undefined };

const closedCodes: Plugin = {
  onExecutionResult({ result, setResult }) {
    if (result === undefined || Array.isArray(result) || !('errors' in result) || result.errors === undefined) return;
    setResult({ ...result, errors: result.errors.map(withClosedCode) });
  },
};

/** Over WebSocket there is no such hook: see graphql-protocol.ts. */
const resolvesPersisted = (persisted: PersistedDocuments): Plugin => ({
  onParams: ({ params, setParams }) => setParams(persisted.resolve(params)),
});

/** A request that yoga cannot make sense of and does not say so: variables in a URL that are no JSON, say. */
const readableRequests: Plugin = {
  onRequestParse({ requestParser, setRequestParser }) {
    if (requestParser === undefined) return;
    setRequestParser(async (request) => {
      try {
        return await requestParser(request);
      } catch (error) {
        if (error instanceof GraphQLError) throw error;
        const extensions = { code: 'BAD_REQUEST', http: { status: 400 } };
        throw new GraphQLError('The request cannot be read: is it JSON?', { extensions });
      }
    });
  },
};

/**
 * The error with the status that yoga gave it, as GraphQL over HTTP has it: a document's errors are 200 to who accepts
 * `application/json` only, a request that holds no document is 400 to everybody.
 */
function withStatus(told: GraphQLError, error: unknown): GraphQLError {
  if (!(error instanceof GraphQLError) || typeof error.extensions['http'] !== 'object') return told;
  const http = { ...error.extensions['http'], ...(error.extensions['code'] === 'BAD_REQUEST' && { spec: false }) };
  const { message, nodes, source, positions, path, extensions } = told;
  return new GraphQLError(message, { nodes, source, positions, path, extensions: { ...extensions, http } });
}
