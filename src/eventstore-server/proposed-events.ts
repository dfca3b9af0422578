import { isUtf8 } from 'node:buffer';
import type { AppendReq, BatchAppendReq } from '@eventstore/db-client/generated/streams_pb.js';
import type { EncodedEvent } from '../events/codec.ts';
import { AppendTooLarge, invalidArgument, maximumAppendSize } from './refusals.ts';
import { readUuid } from './uuid.ts';

type ProposedMessage = AppendReq.ProposedMessage | BatchAppendReq.ProposedMessage;

/** The events of one append, as they come in. */
export interface ProposedEvents {
  readonly events: readonly EncodedEvent[];
  /** Throws a Refusal, from which on nothing of the append may be stored. */
  add(proposed: ProposedMessage): void;
}

/** Checks what is added, each by itself and all together against the limit in bytes. */
export function proposedEvents(): ProposedEvents {
  const events: EncodedEvent[] = [];
  let size = 0;
  return {
    events,
    add: (proposed) => {
      const { event, bytes } = readProposed(proposed);
      size += bytes;
      if (size > maximumAppendSize) throw new AppendTooLarge(maximumAppendSize);
      events.push(event);
    },
  };
}

function readProposed(proposed: ProposedMessage): { readonly event: EncodedEvent; readonly bytes: number } {
  const properties = proposed.getMetadataMap();
  const eventId = readUuid(proposed.getId());
  const type = properties.get('type');
  const contentType = properties.get('content-type');
  if (type === undefined) throw missingProperty('type');
  if (contentType === undefined) throw missingProperty('content-type');

  const [data, metadata] = [proposed.getData_asU8(), proposed.getCustomMetadata_asU8()];
  // The log keeps text. EventStoreDB counts a type's characters as two bytes each.
  const bytes = data.length + metadata.length + type.length * 2;
  const event = { eventId, type, metadata: textOf(metadata, `the custom metadata of event ${eventId}`) };
  // EventStoreDB knows no third kind: whatever does not say that it is JSON comes back as an octet-stream.
  if (contentType === 'application/json') {
    return { event: { ...event, data: textOf(data, `the JSON data of event ${eventId}`) }, bytes };
  }
  return { event: { ...event, data: Buffer.from(data).toString('base64'), binary: true }, bytes };
}

function textOf(bytes: Uint8Array, what: string): string {
  if (!isUtf8(bytes)) throw invalidArgument(`${what} is not UTF-8; only the data of an event may be binary`);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

const missingProperty = (name: string) => invalidArgument(`Required Metadata Property '${name}' is missing`);
