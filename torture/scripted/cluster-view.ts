import gossipServices from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import { type Server, type sendUnaryData, status } from '@grpc/grpc-js';
import { refusal } from './refusal.ts';

/** How things stand in a cluster, as one of its nodes sees it. */
export interface ClusterView {
  /** What the nodes tell each other: each by the address that it advertises. */
  members(): readonly Member[];
  /** The leader's port, also of one that is gone while its end has not been noticed; undefined during an election. */
  leader(): number | undefined;
  /** The node does not answer the others, nor whoever asks it for them. */
  standsStill(): boolean;
}

export interface Member {
  readonly host: string;
  readonly port: number;
  readonly isAlive: boolean;
}

/** `VNodeState` of the protocol. */
const states = { unknown: 2, follower: 6, leader: 8 } as const;

/**
 * What becomes of an append on a node that does not lead, as a real EventStoreDB has it: with `requires-leader` it is
 * refused at once, in words that depend on whether a leader is known. Without, it is kept until its deadline.
 */
export function refusalByRole(cluster: ClusterView, port: number, requiresLeader: boolean) {
  const leader = cluster.leader();
  if (leader === port) return undefined;
  if (!requiresLeader) return 'kept';
  if (leader === undefined) return refusal(status.UNAVAILABLE, {}, 'Server Is Not Ready');
  const headers = { 'leader-endpoint-host': '127.0.0.1', 'leader-endpoint-port': String(leader) };
  return refusal(status.NOT_FOUND, { exception: 'not-leader', ...headers }, 'Leader info available');
}

export function serveGossip(server: Server, cluster: ClusterView): void {
  const { read } = gossipServices.GossipService;
  const answer = (_call: unknown, callback: sendUnaryData<gossip.ClusterInfo>): void => {
    if (!cluster.standsStill()) callback(null, clusterInfo(cluster));
  };
  server.addService({ read }, { read: answer });
}

function clusterInfo(cluster: ClusterView): gossip.ClusterInfo {
  const leader = cluster.leader();
  const members = cluster.members().map(({ host, port, isAlive }) => {
    const led = leader === undefined ? states.unknown : states.follower;
    return new gossip.MemberInfo()
      .setInstanceId(new shared.UUID().setString(`00000000-0000-4000-8000-${String(port).padStart(12, '0')}`))
      .setState(port === leader ? states.leader : led)
      .setIsAlive(isAlive)
      .setHttpEndPoint(new gossip.EndPoint().setAddress(host).setPort(port));
  });
  return new gossip.ClusterInfo().setMembersList(members);
}
