import type { OutgoingHttpHeaders } from 'node:http2';
import { Metadata, status } from '@grpc/grpc-js';

/**
 * The headers of an EventStoreDB's answers, its web server's name included. grpc-js would name compressions besides,
 * call the content type `application/grpc+proto` and add a `grpc-message` to every status.
 */
const every: OutgoingHttpHeaders = { ':status': 200, 'content-type': 'application/grpc', server: 'Kestrel' };
const withheld: OutgoingHttpHeaders = { 'grpc-encoding': undefined, 'grpc-accept-encoding': undefined };

/** The headers before the first message of an answer. */
export function answerHeaders(): Metadata {
  return exactly({ ...every, ...withheld });
}

/** What ends an answer that had messages. */
export function okTrailers(): Metadata {
  return exactly({ 'grpc-message': undefined });
}

/** The whole answer, where it has no message. */
export function headersOnly(code: status, message: string, headers: Readonly<Record<string, string>> = {}): Metadata {
  const grpcMessage = code === status.OK ? undefined : percentEncoded(message);
  return exactly({ ...every, 'content-length': 0, ...headers, 'grpc-message': grpcMessage });
}

/** What ends an answer that had messages, but did not come to its end. */
export function failureTrailers(message: string, headers: Readonly<Record<string, string>>): Metadata {
  return exactly({ ...headers, 'grpc-message': percentEncoded(message) });
}

/** Metadata that is sent as it stands, over what grpc-js would put there; undefined leaves a header out. */
function exactly(headers: OutgoingHttpHeaders): Metadata {
  const metadata = new Metadata();
  metadata.toHttp2Headers = () => ({ ...headers });
  metadata.clone = () => metadata;
  return metadata;
}

/** As the gRPC protocol wants it: everything but printable ASCII, and the percent sign, in escapes of its UTF-8. */
function percentEncoded(message: string): string {
  let encoded = '';
  for (const byte of Buffer.from(message)) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    encoded += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}
