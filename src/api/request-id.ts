import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** What ids look like, whoever makes them: nothing that ends a line, a header or a quotation. */
const wellFormed = /^[\w.:+/=@-]{1,128}$/;

/** The id that a request came with, or one of our own: it stands in the answer, and in what is logged of the request. */
export function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && wellFormed.test(given) ? given : randomUUID();
}
