import type { EncodedEvent } from '../../events/codec.ts';
import { noStream, type Version } from '../../ports/event-log.ts';

/**
 * The messages of one append as bytes, by the protocol's `streams.proto`: where to, and then the events. Written here
 * because the generated classes take seven times as long for an event (measured: 5.2 and 0.7 µs).
 */
export function encodeAppend(
  streamName: string,
  expectedVersion: Version,
  events: readonly EncodedEvent[],
): readonly Buffer[] {
  return [encodeOptions(streamName, expectedVersion), ...events.map(encodeProposal)];
}

/** The keys of fields: their number, and how what follows is written. */
const [one, two, three, four] = [0x0a, 0x12, 0x1a, 0x22];
const revision = 0x10;

const typeKey = Buffer.from([one, 4, ...Buffer.from('type')]);
const contentType = (value: string): Buffer => {
  const entry = [one, 12, ...Buffer.from('content-type'), two, value.length, ...Buffer.from(value)];
  return Buffer.from([two, entry.length, ...entry]);
};
const json = contentType('application/json');
const octets = contentType('application/octet-stream');

function encodeOptions(streamName: string, expectedVersion: Version): Buffer {
  const nameBytes = Buffer.byteLength(streamName);
  const nameSize = sizeOf(nameBytes);
  const versionSize = expectedVersion === noStream ? 1 : varintSize(expectedVersion);
  const optionsBytes = sizeOf(nameSize) + 1 + versionSize;
  const bytes = Buffer.allocUnsafe(sizeOf(optionsBytes));
  let at = writeLength(bytes, 0, one, optionsBytes);
  at = writeLength(bytes, at, one, nameSize);
  at = writeLength(bytes, at, three, nameBytes);
  at += bytes.write(streamName, at, nameBytes);
  if (expectedVersion === noStream) writeLength(bytes, at, three, 0);
  else {
    bytes[at] = revision;
    writeVarint(bytes, at + 1, expectedVersion);
  }
  return bytes;
}

function encodeProposal({ eventId, type, data, metadata, binary }: EncodedEvent): Buffer {
  const decoded = binary ? Buffer.from(data, 'base64') : undefined;
  const content = binary ? octets : json;
  const idSize = sizeOf(eventId.length);
  const typeBytes = Buffer.byteLength(type);
  const typeEntry = typeKey.length + sizeOf(typeBytes);
  const metadataBytes = Buffer.byteLength(metadata);
  const dataBytes = decoded?.length ?? Buffer.byteLength(data);
  const proposal = sizeOf(idSize) + sizeOf(typeEntry) + content.length + sizeOf(metadataBytes) + sizeOf(dataBytes);
  const bytes = Buffer.allocUnsafe(sizeOf(proposal));
  let at = writeLength(bytes, 0, two, proposal);
  at = writeLength(bytes, at, one, idSize);
  at = writeLength(bytes, at, two, eventId.length);
  at += bytes.write(eventId, at, 'latin1');
  at = writeLength(bytes, at, two, typeEntry);
  at += typeKey.copy(bytes, at);
  at = writeLength(bytes, at, two, typeBytes);
  at += bytes.write(type, at, typeBytes);
  at += content.copy(bytes, at);
  at = writeLength(bytes, at, three, metadataBytes);
  at += bytes.write(metadata, at, metadataBytes);
  at = writeLength(bytes, at, four, dataBytes);
  if (decoded === undefined) bytes.write(data, at, dataBytes);
  else decoded.copy(bytes, at);
  return bytes;
}

/** Of a field that holds so many bytes, with its key and its length. */
const sizeOf = (contentBytes: number): number => 1 + varintSize(contentBytes) + contentBytes;

function varintSize(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes += 1;
  return bytes;
}

function writeVarint(bytes: Buffer, from: number, value: number): number {
  let at = from;
  let rest = value;
  // By division: a version may be larger than what shifting keeps.
  for (; rest >= 128; rest = Math.floor(rest / 128)) {
    bytes[at] = (rest % 128) + 128;
    at += 1;
  }
  bytes[at] = rest;
  return at + 1;
}

function writeLength(bytes: Buffer, at: number, key: number, contentBytes: number): number {
  bytes[at] = key;
  return writeVarint(bytes, at + 1, contentBytes);
}
