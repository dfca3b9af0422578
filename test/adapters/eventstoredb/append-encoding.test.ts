import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeAppend } from '../../../src/adapters/eventstoredb/append-encoding.ts';
import type { EncodedEvent } from '../../../src/events/codec.ts';
import { noStream, type Version } from '../../../src/ports/event-log.ts';
import { assertProperty } from '../../fakes/assert-property.ts';

/** By the classes that protoc generates, which is what the protocol means. */
function byGeneratedClasses(streamName: string, expectedVersion: Version, events: readonly EncodedEvent[]): object[] {
  const options = new streams.AppendReq.Options();
  options.setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(streamName)));
  if (expectedVersion === noStream) options.setNoStream(new shared.Empty());
  else options.setRevision(String(expectedVersion));
  const proposals = events.map(({ eventId, type, data, metadata, binary }) => {
    const message = new streams.AppendReq.ProposedMessage();
    message.setId(new shared.UUID().setString(eventId));
    message.getMetadataMap().set('type', type);
    message.getMetadataMap().set('content-type', binary ? 'application/octet-stream' : 'application/json');
    message.setData(Buffer.from(data, binary ? 'base64' : 'utf8'));
    message.setCustomMetadata(Buffer.from(metadata));
    return new streams.AppendReq().setProposedMessage(message);
  });
  return [new streams.AppendReq().setOptions(options), ...proposals].map((request) => request.toObject());
}

const text = fc.string({ unit: 'binary', maxLength: 300 });
const event: fc.Arbitrary<EncodedEvent> = fc.oneof(
  fc.record({ eventId: fc.uuid(), type: text, data: text, metadata: text }),
  fc.record({
    eventId: fc.uuid(),
    type: text,
    data: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('base64')),
    metadata: text,
    binary: fc.constant(true),
  }),
);
const version = fc.oneof(fc.constantFrom(noStream, 0, 127, 128, 2 ** 32, Number.MAX_SAFE_INTEGER), fc.maxSafeNat());

test('an append is written as the generated classes read it', () => {
  assertProperty(
    fc.property(text, version, fc.array(event, { maxLength: 4 }), (streamName, expectedVersion, events) => {
      const written = encodeAppend(streamName, expectedVersion, events).map((bytes) =>
        streams.AppendReq.deserializeBinary(new Uint8Array(bytes)).toObject(),
      );
      expect(written).toEqual(byGeneratedClasses(streamName, expectedVersion, events));
    }),
  );
});
