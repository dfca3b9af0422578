import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import type { FastifyBaseLogger } from 'fastify';
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import type { AccessRefusal, Refused } from '../rights/access-refusal.ts';
import type { Viewer } from '../rights/viewer.ts';
import { createContext, type RequestContext } from './context.ts';
import { documentLimits } from './document-limits.ts';
import { clientError, withClosedCode } from './error-table.ts';
import { schema } from './schema/schema.ts';
import type { Services } from './services.ts';

/** What the two ways in hand to yoga: a request, or who a socket belongs to. */
interface InitialContext {
  readonly socketViewer?: Viewer | Refused<AccessRefusal>;
}

export type Yoga = YogaServerInstance<InitialContext, RequestContext>;

/** Parsing, limits, rights and errors of every operation, whichever way it comes. */
export function createGraphQL(services: Services, logger: FastifyBaseLogger, allowedOrigins: readonly string[]): Yoga {
  return createYoga<InitialContext, RequestContext>({
    schema,
    graphqlEndpoint: '/graphql',
    logging: false,
    landingPage: false,
    // Served whole from here, not from a content network: it works where the server does.
    renderGraphiQL,
    graphiql: {
      title: 'Highwater',
      headers: JSON.stringify({ authorization: 'Bearer TOKEN' }, null, 2),
      defaultQuery: '# In Headers, put a token of `npx highwater token --user alice` for TOKEN.\n{ me { id name } }\n',
    },
    cors: { origin: [...allowedOrigins], methods: ['GET', 'POST'], allowedHeaders: ['authorization', 'content-type'] },
    multipart: false,
    maskedErrors: {
      maskError: (error) => {
        const { told, unexpected } = clientError(error);
        if (unexpected) logger.error({ err: error }, 'a request failed');
        return told;
      },
    },
    // Documents are remembered by documentLimits, bounded in bytes; yoga's own memory is bounded in documents.
    parserAndValidationCache: false,
    plugins: [documentLimits(), closedCodes],
    // Requests carry their right in a header that no foreign page can add by itself, so a form cannot act for a user.
    // Over WebSocket there is no request: connection_init has settled who is asking.
    context: async ({ request, socketViewer }) =>
      createContext(services, socketViewer ?? (await services.tokens.verify(request.headers.get('authorization')))),
  });
}

const closedCodes: Plugin = {
  onExecutionResult({ result, setResult }) {
    if (result === undefined || Array.isArray(result) || !('errors' in result) || result.errors === undefined) return;
    setResult({ ...result, errors: result.errors.map(withClosedCode) });
  },
};
