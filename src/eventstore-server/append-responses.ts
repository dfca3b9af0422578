import { noStream, type Position, type Version } from '../ports/event-log.ts';
import type { ExpectedVersion } from './expected-version.ts';
import { placeOf } from './places.ts';
import { createProtobufEncoder, type ProtobufWriter } from './protobuf-writer.ts';
import { writePlace, writeStreamIdentifier, writeUuid } from './read-responses.ts';

/** What has become of an append. */
export type AppendOutcome =
  /** `version` and `position` are of its last event, or where it had none, of the stream and the log as they stand. */
  | { readonly kind: 'appended'; readonly version: Version; readonly position: Position }
  | { readonly kind: 'wrongVersion'; readonly actualVersion: Version; readonly expected: ExpectedVersion };

/** Why one append of a batch was refused. `code` is a google.rpc.Code: it has the numbers of gRPC's statuses. */
export type BatchError =
  | { readonly kind: 'tooLarge'; readonly limit: number }
  | { readonly kind: 'badRequest'; readonly message: string }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'failed'; readonly code: number; readonly message: string };

export interface BatchResponse {
  readonly correlationId: string;
  readonly structuredId: boolean;
  readonly streamName: string;
  readonly result: AppendOutcome | BatchError;
}

const encode = createProtobufEncoder();
/** What EventStoreDB says besides `expectedNoStream`, to clients from before that field. */
const noStreamRevision = 2n ** 64n - 1n;

/** The bytes of an AppendResp, which hold until the next one is encoded. */
export function encodeAppendResponse(outcome: AppendOutcome): Buffer {
  return encode((writer) => {
    if (outcome.kind === 'appended') writer.message(1, () => writeSuccess(writer, outcome));
    else writer.message(2, () => writeWrongVersion(writer, outcome.expected, outcome.actualVersion));
  });
}

/** The bytes of a BatchAppendResp, which hold until the next one is encoded. */
export function encodeBatchResponse({ correlationId, structuredId, streamName, result }: BatchResponse): Buffer {
  return encode((writer) => {
    // Always there, if empty: clients read the name out of it without looking.
    writeStreamIdentifier(writer, 4, streamName);
    if (result.kind === 'appended') writer.message(3, () => writeSuccess(writer, result));
    else writer.message(2, () => writeStatus(writer, result));
    writer.message(1, () => writeUuid(writer, correlationId, structuredId));
  });
}

function writeSuccess(writer: ProtobufWriter, { version, position }: { version: Version; position: Position }): void {
  writer.message(3, () => writePlace(writer, placeOf(position)));
  if (version === noStream) writer.message(2);
  else writer.varint(1, version);
}

/** Everything is said twice: in the fields of today and in those of version 20.6. */
function writeWrongVersion(writer: ProtobufWriter, expected: ExpectedVersion, actualVersion: Version): void {
  if (expected.kind === 'noStream') writer.message(11);
  if (expected.kind === 'streamExists') writer.message(10);
  if (expected.kind === 'any') writer.message(9);
  if (expected.kind === 'revision') writer.varint(8, expected.revision);
  if (actualVersion === noStream) writer.message(7);
  else writer.varint(6, actualVersion);
  if (expected.kind === 'streamExists') writer.message(5);
  if (expected.kind === 'any') writer.message(4);
  if (expected.kind === 'revision') writer.varint(3, expected.revision);
  if (expected.kind === 'noStream') writer.varint(3, noStreamRevision);
  if (actualVersion === noStream) writer.message(2);
  else writer.varint(1, actualVersion);
}

type BatchFailure = Exclude<BatchResponse['result'], { kind: 'appended' }>;

/** A google.rpc.Status, with its details in a google.protobuf.Any. */
function writeStatus(writer: ProtobufWriter, failure: BatchFailure): void {
  const { code, name, detail } = describe(failure);
  writer.message(3, () => {
    writer.message(2, () => detail(writer));
    writer.text(1, `type.googleapis.com/${name}`);
  });
  writer.text(2, failure.kind === 'failed' ? failure.message : name.slice(name.lastIndexOf('.') + 1));
  writer.varint(1, code);
}

function describe(failure: BatchFailure): { code: number; name: string; detail: (writer: ProtobufWriter) => void } {
  switch (failure.kind) {
    case 'wrongVersion':
      return {
        code: 6,
        name: 'event_store.client.WrongExpectedVersion',
        detail: (writer) => writeBatchWrongVersion(writer, failure.expected, failure.actualVersion),
      };
    case 'tooLarge':
      return {
        code: 3,
        name: 'event_store.client.MaximumAppendSizeExceeded',
        detail: (writer) => writer.varint(1, failure.limit),
      };
    case 'badRequest':
      return {
        code: 3,
        name: 'event_store.client.BadRequest',
        detail: (writer) => writer.text(1, failure.message),
      };
    case 'timeout':
      return { code: 4, name: 'event_store.client.Timeout', detail: () => {} };
    case 'failed':
      return { code: failure.code, name: 'google.protobuf.Empty', detail: () => {} };
  }
}

function writeBatchWrongVersion(writer: ProtobufWriter, expected: ExpectedVersion, actualVersion: Version): void {
  if (expected.kind === 'noStream') writer.message(6);
  if (expected.kind === 'streamExists') writer.message(5);
  if (expected.kind === 'any') writer.message(4);
  if (expected.kind === 'revision') writer.varint(3, expected.revision);
  if (actualVersion === noStream) writer.message(2);
  else writer.varint(1, actualVersion);
}
