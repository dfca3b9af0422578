import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { codeOf, type RefusalReason } from './refusal-reasons.ts';

/** What a refusal looks like that comes before GraphQL: the same form, so that a client reads one kind of answer. */
export const refusalBody = (reason: RefusalReason, message: string) => ({
  errors: [{ message, extensions: { code: codeOf(reason), reason } }],
});

const reasons: Readonly<Record<number, RefusalReason>> = {
  403: 'ORIGIN_NOT_ALLOWED',
  429: 'TOO_MANY_AT_ONCE',
  503: 'NOT_SERVING',
};

/** Who does not take the answer in this time does without it. */
const flushMilliseconds = 5_000;

/**
 * Answers on a socket that Node no longer looks after (it has taken its own listeners off), and lets go of it: the answer
 * is flushed and the socket destroyed, whatever the peer does meanwhile. Nothing is left half closed.
 */
export function answerAndLetGo(socket: Duplex, status: number, message: string): void {
  // Without a listener a reset would be an uncaught exception.
  socket.on('error', () => socket.destroy());
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const giveUp = setTimeout(() => socket.destroy(), flushMilliseconds);
  giveUp.unref();
  socket.once('close', () => clearTimeout(giveUp));
  // What still comes is read and forgotten: bytes that nobody has read would turn the end into a reset.
  socket.resume();
  const body = JSON.stringify(refusalBody(reasons[status] ?? 'REQUEST_UNREADABLE', message));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

const problems: Readonly<Record<string, readonly [status: number, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not come whole in time.'],
  HPE_HEADER_OVERFLOW: [431, 'The request line and the headers are too large.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'The chunk extensions are too large.'],
};

/** Answers bytes that are no request, and requests that were given up. */
export function answerClientError({ code }: NodeJS.ErrnoException, socket: Duplex): void {
  const [status, message] = problems[code ?? ''] ?? [400, 'This is not a request.'];
  answerAndLetGo(socket, status, message);
}
