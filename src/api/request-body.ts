import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable, Transform } from 'node:stream';
import { createGunzip, createInflate } from 'node:zlib';
import type { RefusalReason } from './refusal-reasons.ts';

/** Why a body is not read, or not any further. */
export class BodyRefused extends Error {
  override readonly name = 'BodyRefused';
  readonly statusCode: number;
  readonly reason: RefusalReason;
  readonly headers: Readonly<Record<string, string>>;

  constructor(statusCode: number, message: string, reason: RefusalReason = 'REQUEST_UNREADABLE', headers = {}) {
    super(message);
    this.statusCode = statusCode;
    this.reason = reason;
    this.headers = headers;
  }
}

export interface BodyLimit {
  /** On the wire, and once more when it is inflated. */
  readonly maximumBytes: number;
  /** Whether the limit is so low because nobody knows whose the body is. */
  readonly isAnonymous: boolean;
}

/**
 * The compressions that a request may have. Both look back 32 KiB at most; those of brotli and zstd have whoever reads them
 * hold megabytes before a byte has come out.
 */
const inflaters: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
};

/**
 * Reads a body, of a known length or in chunks, compressed or not. Rejects with BodyRefused; what is left of the body then
 * runs off unread, so that its sender can be answered.
 */
export async function readBody(stream: Readable, headers: IncomingHttpHeaders, limit: BodyLimit): Promise<Buffer> {
  try {
    const inflate = inflaterOf(headers);
    if (Number(headers['content-length'] ?? 0) > limit.maximumBytes) throw tooLarge(limit);
    const body = await collect(stream, inflate?.(), limit);
    if (!isUtf8(body)) throw new BodyRefused(400, 'The body is not UTF-8.');
    return withoutMark(body);
  } catch (error) {
    stream.resume();
    throw error;
  }
}

function collect(stream: Readable, inflater: Transform | undefined, limit: BodyLimit): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const source = inflater === undefined ? stream : stream.pipe(inflater);
  const chunks: Buffer[] = [];
  let length = 0;

  function take(chunk: Buffer): void {
    length += chunk.length;
    if (length > limit.maximumBytes) give(tooLarge(limit));
    else chunks.push(chunk);
  }

  function give(refusal: BodyRefused): void {
    source.removeListener('data', take);
    stream.unpipe();
    inflater?.destroy();
    reject(refusal);
  }

  const cutOff = () => give(new BodyRefused(400, 'The body did not come whole.'));
  source.on('data', take);
  source.once('end', () => resolve(Buffer.concat(chunks, length)));
  inflater?.on('error', () => give(new BodyRefused(400, 'The body is not what its Content-Encoding says.')));
  stream.on('error', cutOff);
  stream.once('close', () => {
    if (!stream.readableEnded) cutOff();
  });
  return promise;
}

function inflaterOf(headers: IncomingHttpHeaders): (() => Transform) | undefined {
  const transfer = headers['transfer-encoding'];
  if (transfer !== undefined && transfer.trim().toLowerCase() !== 'chunked')
    throw new BodyRefused(400, 'The only Transfer-Encoding that is read is chunked.');
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(headers['content-type'] ?? '')?.[1];
  if (charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(charset))
    throw new BodyRefused(415, 'A body is UTF-8, whatever else its charset may be called.');
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding === '' || encoding === 'identity') return undefined;
  const inflater = Object.hasOwn(inflaters, encoding) ? inflaters[encoding] : undefined;
  if (inflater !== undefined) return inflater;
  throw new BodyRefused(415, 'A body may be compressed with gzip or deflate, once.', 'REQUEST_UNREADABLE', {
    'accept-encoding': 'gzip, deflate',
  });
}

/** What is above the limit of those whom nobody knows is refused for that, and not for its size. */
function tooLarge({ maximumBytes, isAnonymous }: BodyLimit): BodyRefused {
  if (!isAnonymous) return new BodyRefused(413, `A body has at most ${maximumBytes} bytes, also once it is inflated.`);
  const message = `Without a valid token a body has at most ${maximumBytes} bytes, also once it is inflated.`;
  return new BodyRefused(413, message, 'TOKEN_MISSING');
}

/** Some programs begin a body with the mark of UTF-8, which JSON has no place for. */
const withoutMark = (body: Buffer): Buffer =>
  body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.subarray(3) : body;
