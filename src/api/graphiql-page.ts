import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { encodingFor } from './compressed-answer.ts';

/** Whether a browser has come to look at the API, and no client to ask it. */
export const asksForGraphiQL = ({ method, headers }: FastifyRequest): boolean =>
  method === 'GET' && headers.accept?.includes('text/html') === true;

interface Page {
  readonly bytes: Buffer;
  readonly etag: string;
}

/** The page in each form, once somebody has asked for it. */
const pages = new Map<'br' | 'gzip' | 'identity', Promise<Page>>();

const html = (): Buffer =>
  Buffer.from(
    renderGraphiQL({
      title: 'Highwater',
      headers: JSON.stringify({ authorization: 'Bearer TOKEN' }, null, 2),
      defaultQuery:
        '# In Headers, put a token of `npx highwater token --user alice` for TOKEN.\n{ me { userId name } }\n',
    }),
  );

// Well compressed, because it is done once; the best that brotli can do takes a minute.
const compress = {
  br: (bytes: Buffer) => promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 7 } }),
  gzip: (bytes: Buffer) => promisify(gzip)(bytes, { level: 9 }),
  identity: async (bytes: Buffer) => bytes,
} as const;

async function makePage(form: keyof typeof compress): Promise<Page> {
  const bytes = await compress[form](html());
  return { bytes, etag: `"${createHash('sha256').update(bytes).digest('base64url')}"` };
}

/**
 * GraphiQL, served whole from here and not from a content network: it works where the server does. Its 9 MB are the same
 * bytes for everybody, in memory once for each form, however many ask for it and do not read: no token is needed for that.
 * A browser that has it asks whether it is still the same, and is told so in a packet.
 */
export async function answerGraphiQL({ headers }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const wanted = encodingFor(headers['accept-encoding'], ['br', 'gzip']);
  const form = wanted ?? 'identity';
  const made = pages.get(form) ?? makePage(form);
  pages.set(form, made);
  made.catch(() => pages.delete(form));
  const { bytes, etag } = await made;
  void reply.header('etag', etag).header('cache-control', 'public, no-cache');
  if (headers['if-none-match']?.split(/,\s*/).includes(etag)) return reply.status(304).send();
  if (wanted !== undefined) void reply.header('content-encoding', wanted);
  return reply.type('text/html; charset=utf-8').send(bytes);
}
