import type { RecordedEvent, Version } from '../ports/event-log.ts';
import { type Place, placeOf } from './places.ts';
import { createProtobufEncoder, type ProtobufWriter } from './protobuf-writer.ts';
import { uuidHalves } from './uuid.ts';

/** One message of an answer to Streams.Read. */
export type ReadResponse =
  | { readonly kind: 'event'; readonly event: RecordedEvent; readonly structuredIds: boolean }
  | { readonly kind: 'streamNotFound'; readonly streamName: string }
  | { readonly kind: 'firstStreamPosition'; readonly version: Version }
  | { readonly kind: 'lastStreamPosition'; readonly version: Version }
  | { readonly kind: 'confirmation'; readonly subscriptionId: string }
  | { readonly kind: 'checkpoint'; readonly place: Place }
  | { readonly kind: 'caughtUp' };

/** About so many bytes are each message's besides an event's own. */
const framingBytes = 200;

/** Close enough to bound what waits for a client, without encoding anything. */
export function approximateSize(response: ReadResponse): number {
  return response.kind === 'event'
    ? response.event.data.length + response.event.metadata.length + framingBytes
    : framingBytes;
}

const encode = createProtobufEncoder();

/** The message's bytes, which hold until the next message is encoded: grpc-js copies them at once. */
export function encodeReadResponse(response: ReadResponse): Buffer {
  return encode((writer) => writeResponse(writer, response));
}

function writeResponse(writer: ProtobufWriter, response: ReadResponse): void {
  switch (response.kind) {
    case 'event':
      writer.message(1, () => writeReadEvent(writer, response.event, response.structuredIds));
      break;
    case 'confirmation':
      writer.message(2, () => writer.text(1, response.subscriptionId));
      break;
    case 'checkpoint':
      writer.message(3, () => writePlace(writer, response.place));
      break;
    case 'streamNotFound':
      writer.message(4, () => writeStreamIdentifier(writer, 1, response.streamName));
      break;
    case 'firstStreamPosition':
      writer.varint(5, response.version);
      break;
    case 'lastStreamPosition':
      writer.varint(6, response.version);
      break;
    case 'caughtUp':
      writer.message(8);
      break;
    default:
      response satisfies never;
  }
}

function writeReadEvent(writer: ProtobufWriter, event: RecordedEvent, structuredIds: boolean): void {
  const { commit } = placeOf(event.position);
  writer.varint(3, commit);
  writer.message(1, () => {
    if (event.data !== '') writer.text(8, event.data, event.binary ? 'base64' : 'utf8');
    if (event.metadata !== '') writer.text(7, event.metadata);
    writeProperty(writer, 'content-type', event.binary ? 'application/octet-stream' : 'application/json');
    writeProperty(writer, 'created', ticks(event.recordedAt));
    writeProperty(writer, 'type', event.type);
    writer.varint(5, commit);
    writer.varint(4, commit);
    if (event.version > 0) writer.varint(3, event.version);
    writeStreamIdentifier(writer, 2, event.streamName);
    writer.message(1, () => writeUuid(writer, event.eventId, structuredIds));
  });
}

function writeProperty(writer: ProtobufWriter, key: string, value: string): void {
  writer.message(6, () => {
    writer.text(2, value);
    writer.text(1, key);
  });
}

/** A text of its own field, or two signed halves. */
export function writeUuid(writer: ProtobufWriter, id: string, structured: boolean): void {
  if (!structured) {
    writer.text(2, id);
    return;
  }
  const [most, least] = uuidHalves(id);
  writer.message(1, () => {
    writer.varint(2, least);
    writer.varint(1, most);
  });
}

export function writeStreamIdentifier(writer: ProtobufWriter, field: number, streamName: string): void {
  writer.message(field, () => writer.text(3, streamName));
}

/** A place of its own message, whose zeros are left out. */
export function writePlace(writer: ProtobufWriter, { commit, prepare }: Place): void {
  if (prepare > 0) writer.varint(2, prepare);
  if (commit > 0) writer.varint(1, commit);
}

/** Tenths of microseconds since 1970: more than a number holds exactly. */
export function ticks(milliseconds: number): string {
  return milliseconds === 0 ? '0' : `${milliseconds}0000`;
}
