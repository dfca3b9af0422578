import streams from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createProtobufEncoder } from '../../src/eventstore-server/protobuf-writer.ts';
import { encodeReadResponse } from '../../src/eventstore-server/read-responses.ts';
import { assertProperty } from '../fakes/assert-property.ts';
import { idOf } from './wire-client.ts';

describe('messages that are written by hand', () => {
  test('are read by the generated classes as what they were, whatever their size and script', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 200 });
    const event = fc.record({
      type: text,
      data: fc.oneof(text, fc.constant('é'.repeat(100_000))),
      metadata: text,
      streamName: text,
      version: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
      position: fc.nat({ max: Number.MAX_SAFE_INTEGER - 1 }),
      recordedAt: fc.nat(),
    });
    assertProperty(
      fc.property(event, (written) => {
        const bytes = encodeReadResponse({
          kind: 'event',
          event: { ...written, eventId: idOf(1) },
          structuredIds: false,
        });
        const read = streams.ReadResp.deserializeBinary(new Uint8Array(bytes)).getEvent()?.getEvent();
        expect({
          id: read?.getId()?.getString(),
          type: read?.getMetadataMap().get('type'),
          data: Buffer.from(read?.getData_asU8() ?? []).toString(),
          metadata: Buffer.from(read?.getCustomMetadata_asU8() ?? []).toString(),
          streamName: Buffer.from(read?.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString(),
          version: Number(read?.getStreamRevision()),
          position: Number(read?.getCommitPosition()) - 1,
        }).toEqual({
          id: idOf(1),
          type: written.type,
          data: written.data,
          metadata: written.metadata,
          streamName: written.streamName,
          version: written.version,
          position: written.position,
        });
      }),
    );
  });

  test('hold numbers up to 2^64 - 1', () => {
    const encode = createProtobufEncoder();
    for (const value of [0, 127, 128, 2 ** 31, 2 ** 53 - 1, 2n ** 53n, 2n ** 64n - 1n]) {
      const bytes = encode((writer) => writer.varint(1, value));
      const read = streams.ReadResp.Checkpoint.deserializeBinary(new Uint8Array(bytes));
      expect(read.getCommitPosition()).toBe(String(value));
    }
  });
});
