import { readdirSync, readFileSync } from 'node:fs';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeReadAnswer, type ReadAnswer } from '../../../src/adapters/eventstoredb/read-answer.ts';
import {
  caughtUpResponse,
  checkpointResponse,
  confirmationResponse,
  eventResponse,
  notFoundResponse,
} from '../../../torture/scripted/responses.ts';
import { assertProperty } from '../../fakes/assert-property.ts';

/** What the classes that protoc generates find in a message, which is what the protocol means. */
function byGeneratedClasses(bytes: Uint8Array): ReadAnswer {
  const answer = streams.ReadResp.deserializeBinary(new Uint8Array(bytes));
  const event = answer.getEvent()?.getEvent();
  const checkpoint = answer.getCheckpoint();
  if (checkpoint !== undefined) {
    const [commit, prepare] = [checkpoint.getCommitPosition(), checkpoint.getPreparePosition()].map(Number);
    return { checkpoint: { commit: commit ?? -1, prepare: prepare ?? -1 } };
  }
  if (event === undefined) return {};
  return {
    event: {
      id: event.getId()?.getString() ?? '',
      streamName: Buffer.from(event.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString(),
      revision: Number(event.getStreamRevision()),
      commit: Number(event.getCommitPosition()),
      prepare: Number(event.getPreparePosition()),
      properties: Object.fromEntries(event.getMetadataMap().entries() as unknown as Iterable<[string, string]>),
      metadata: Buffer.from(event.getCustomMetadata_asU8()),
      data: Buffer.from(event.getData_asU8()),
    },
  };
}

const read = '/event_store.client.streams.Streams/Read';
const recordings = new URL('../../eventstore-server/recordings/', import.meta.url);

interface Scene {
  readonly calls: readonly { readonly path: string; readonly responses?: readonly { readonly base64?: string }[] }[];
}

/** What a real EventStoreDB has answered to reads and subscriptions. */
const recorded = readdirSync(recordings)
  .filter((name) => name.endsWith('.json'))
  .flatMap((name) => (JSON.parse(readFileSync(new URL(name, recordings), 'utf8')) as Scene).calls)
  .flatMap(({ path, responses = [] }) => (path === read ? responses : []))
  .flatMap(({ base64 }) => (base64 === undefined ? [] : [Buffer.from(base64, 'base64')]));

const text = fc.string({ unit: 'binary', maxLength: 300 });
const content = fc.uint8Array({ maxLength: 300 });
const number = fc.oneof(fc.constantFrom(0, 127, 128, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER), fc.maxSafeNat());
const stored = fc.record({
  ...{ id: fc.uuid(), streamName: text, type: text, contentType: text },
  ...{ revision: number, commit: number, prepare: number, data: content, metadata: content },
});

describe('an answer to a read is taken as the generated classes take it', () => {
  test('whatever event it holds', () => {
    assertProperty(
      fc.property(stored, (event) => {
        const bytes = Buffer.from(eventResponse(event).serializeBinary());
        expect(decodeReadAnswer(bytes)).toEqual(byGeneratedClasses(bytes));
      }),
    );
  });

  test('as a real server has given it', () => {
    expect(recorded.filter((bytes) => decodeReadAnswer(bytes).event !== undefined).length).toBeGreaterThan(10);
    expect(recorded.filter((bytes) => decodeReadAnswer(bytes).checkpoint !== undefined).length).toBeGreaterThan(0);
    for (const bytes of recorded) expect(decodeReadAnswer(bytes)).toEqual(byGeneratedClasses(bytes));
  });

  test('where it holds something else', () => {
    for (const other of [confirmationResponse(), caughtUpResponse(), notFoundResponse('group-a')]) {
      expect(decodeReadAnswer(Buffer.from(other.serializeBinary()))).toEqual({});
    }
    const checkpoint = Buffer.from(checkpointResponse(2 ** 40).serializeBinary());
    expect(decodeReadAnswer(checkpoint)).toEqual({ checkpoint: { commit: 2 ** 40, prepare: 0 } });
  });

  test('beyond the safe integers near it, and beyond them too', () => {
    // The version of the mark that a deleted stream ends with: 2^63 - 1.
    const event = eventResponse({ ...fc.sample(stored, { numRuns: 1, seed: 1 })[0], revision: 0 } as never);
    event.getEvent()?.getEvent()?.setStreamRevision('9223372036854775807');
    expect(decodeReadAnswer(Buffer.from(event.serializeBinary())).event?.revision).toBe(2 ** 63);
  });
});

test('bytes that are no message are refused with a RangeError, wherever they break off', () => {
  const whole = Buffer.from(checkpointResponse(1_000).serializeBinary());
  for (let length = 1; length < whole.length; length += 1) {
    expect(() => decodeReadAnswer(whole.subarray(0, length))).toThrow(RangeError);
  }
  expect(() => decodeReadAnswer(Buffer.from([0x0f]))).toThrow(RangeError);
});
