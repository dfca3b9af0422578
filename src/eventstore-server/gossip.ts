import type { ClusterInfo } from '@eventstore/db-client/generated/gossip_pb.js';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import { ticks } from './read-responses.ts';
import { uuidHalves } from './uuid.ts';

const leader = 8;

/** A cluster of one node, which is this one. `now` is in milliseconds since 1970. */
export function clusterOfOne(instanceId: string, address: Address, now: number): ClusterInfo {
  const [most, least] = uuidHalves(instanceId).map((half) => BigInt.asIntN(64, half).toString());
  const structured = new shared.UUID.Structured()
    .setMostSignificantBits(most ?? '')
    .setLeastSignificantBits(least ?? '');
  const member = new gossip.MemberInfo()
    .setInstanceId(new shared.UUID().setStructured(structured))
    .setTimeStamp(ticks(now))
    .setState(leader)
    .setIsAlive(true)
    .setHttpEndPoint(new gossip.EndPoint().setAddress(address.host).setPort(address.port));
  return new gossip.ClusterInfo().setMembersList([member]);
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Where the caller has found this server, from the authority that it called. What the server listens on can be an
 * address of no use to others, such as 0.0.0.0.
 */
export function calledAddress(authority: string, listening: Address): Address {
  const called = URL.parse(`http://${authority}`);
  if (called === null || called.hostname === '') return listening;
  return { host: called.hostname, port: called.port === '' ? 80 : Number(called.port) };
}
