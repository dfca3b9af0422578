import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import type { FastifyRequest } from 'fastify';

/** Whether a browser has come to look at the API, and no client to ask it. */
export const asksForGraphiQL = ({ method, headers }: FastifyRequest): boolean =>
  method === 'GET' && headers.accept?.includes('text/html') === true;

let page: Buffer | undefined;

/**
 * GraphiQL, served whole from here and not from a content network: it works where the server does. Its 9 MB are the same
 * bytes for everybody, in memory once, however many ask for it and do not read: no token is needed for that.
 */
export function graphiQLPage(): Buffer {
  page ??= Buffer.from(
    renderGraphiQL({
      title: 'Highwater',
      headers: JSON.stringify({ authorization: 'Bearer TOKEN' }, null, 2),
      defaultQuery: '# In Headers, put a token of `npx highwater token --user alice` for TOKEN.\n{ me { id name } }\n',
    }),
  );
  return page;
}
