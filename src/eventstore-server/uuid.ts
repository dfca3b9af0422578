import type { UUID } from '@eventstore/db-client/generated/shared_pb.js';
import { unknown } from './refusals.ts';

const form = /^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/;
const uint64 = (value: bigint): string => BigInt.asUintN(64, value).toString(16).padStart(16, '0');

/** An id in its usual form. Both forms of the protocol are taken, and text in every case, with dashes and without. */
export function readUuid(id: UUID | undefined): string {
  const structured = id?.getStructured();
  const text =
    structured === undefined
      ? (id?.getString().toLowerCase() ?? '')
      : uint64(BigInt(structured.getMostSignificantBits())) + uint64(BigInt(structured.getLeastSignificantBits()));
  const parts = form.exec(text);
  if (parts === null) throw unknown(`"${text}" is not a UUID`);
  return parts.slice(1).join('-');
}

/** The two halves of a UUID, as the protocol's structured form holds them. */
export function uuidHalves(id: string): readonly [bigint, bigint] {
  const hex = id.replaceAll('-', '');
  return [BigInt(`0x${hex.slice(0, 16)}`), BigInt(`0x${hex.slice(16)}`)];
}
