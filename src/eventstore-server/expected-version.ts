import type { AppendReq, BatchAppendReq } from '@eventstore/db-client/generated/streams_pb.js';
import { noStream, type Version } from '../ports/event-log.ts';
import { invalidArgument } from './refusals.ts';

/** What an append expects of its stream. `revision` is as it was asked for, which may be more than any version. */
export type ExpectedVersion =
  | { readonly kind: 'revision'; readonly revision: bigint }
  | { readonly kind: 'noStream' }
  | { readonly kind: 'streamExists' }
  | { readonly kind: 'any' };

interface Flags {
  hasNoStream(): boolean;
  hasAny(): boolean;
  hasStreamExists(): boolean;
}

/** The version that the log is to compare; undefined where any would do. */
export function exactVersion(expected: ExpectedVersion): Version | undefined {
  switch (expected.kind) {
    case 'revision':
      return Math.min(Number(expected.revision), Number.MAX_SAFE_INTEGER);
    case 'noStream':
      return noStream;
    case 'streamExists':
    case 'any':
      return undefined;
  }
}

export function expectedByAppend(options: AppendReq.Options): ExpectedVersion {
  return read(options, options.hasRevision() ? options.getRevision() : undefined);
}

export function expectedByBatch(options: BatchAppendReq.Options): ExpectedVersion {
  return read(options, options.hasStreamPosition() ? options.getStreamPosition() : undefined);
}

function read(flags: Flags, revision: string | undefined): ExpectedVersion {
  if (revision !== undefined) return { kind: 'revision', revision: BigInt(revision) };
  if (flags.hasNoStream()) return { kind: 'noStream' };
  if (flags.hasStreamExists()) return { kind: 'streamExists' };
  if (flags.hasAny()) return { kind: 'any' };
  throw invalidArgument('an append says which revision of its stream it expects');
}
