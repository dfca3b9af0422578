import type { IncomingHttpHeaders } from 'node:http';

/**
 * Which pages may use the API: the server's own and those of the origins that are configured, and nobody else's. A right
 * travels in a header that no page sends by itself, never in a cookie, so this fence is the second one: a page that gets
 * past it, say by a name of its own that leads here, is still nobody without a token.
 */

/** Programs send no Origin. A page without one of its own (sandboxed, or a file) sends `null`, which is nobody's. */
export function isAllowedOrigin({ origin, host }: IncomingHttpHeaders, allowed: readonly string[]): boolean {
  if (origin === undefined) return true;
  if (origin === 'null') return false;
  return origin === `http://${host}` || origin === `https://${host}` || allowed.includes(origin);
}

/** How long a browser need not ask again. Chromium heeds two hours at most. */
const preflightSeconds = 7_200;

/** What a page may send: a token, the form of its request, and what follows a request from one process to the next. */
const allowedHeaders = [
  'authorization',
  'content-type',
  ...['x-request-id', 'traceparent', 'tracestate', 'baggage'],
  ...['apollographql-client-name', 'apollographql-client-version'],
].join(', ');

/** What a page may read of an answer besides what every page may. */
const exposedHeaders = 'x-request-id, retry-after';

/** A cache must not hand to one what another was told: another origin, another form, another compression. */
const vary = 'Origin, Accept, Accept-Encoding';

/**
 * What a browser is told. Only an origin that is configured is ever named, and by itself: no list, no `*`, no `null`, no
 * echo of anybody else's. The server's own pages need no permission.
 */
export function crossOriginHeaders(headers: IncomingHttpHeaders, allowed: readonly string[]): Record<string, string> {
  const { origin } = headers;
  if (origin === undefined || origin === 'null' || !allowed.includes(origin)) return { vary };
  const permission = { vary, 'access-control-allow-origin': origin };
  if (headers['access-control-request-method'] === undefined)
    return { ...permission, 'access-control-expose-headers': exposedHeaders };
  return {
    ...permission,
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': allowedHeaders,
    'access-control-max-age': String(preflightSeconds),
  };
}

/** GraphiQL's scripts and styles stand in its page, so that these forbid what goes on around them and not the page. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': "frame-ancestors 'none'; base-uri 'none'; object-src 'none'; form-action 'self'",
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};
