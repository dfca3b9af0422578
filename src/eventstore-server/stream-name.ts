import { isUtf8 } from 'node:buffer';
import type { StreamIdentifier } from '@eventstore/db-client/generated/shared_pb.js';
import { invalidArgument, unknown } from './refusals.ts';

/** The name of the stream that a request is about. */
export function readStreamName(identifier: StreamIdentifier | undefined): string {
  const bytes = identifier?.getStreamName_asU8();
  if (bytes === undefined || bytes.length === 0) throw unknown('a stream name is required');
  if (!isUtf8(bytes)) throw invalidArgument('the stream name is not UTF-8');
  return Buffer.from(bytes).toString();
}
