import { setTimeout as wait } from 'node:timers/promises';
import gossipServices from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import type { ClusterInfo } from '@eventstore/db-client/generated/gossip_pb.js';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import { type ChannelCredentials, Metadata } from '@grpc/grpc-js';
import { NoNodeFound } from './call-failed.ts';
import type { ConnectionSettings } from './connection-string.ts';

/** Finds a node of a cluster by what its nodes say of each other. */
export interface Cluster {
  /**
   * The address of the leader, or of the kind of node that the connection string prefers; of any other that serves reads
   * where there is none. `failed` is the node that was used last and did not answer: it is taken again only where it says
   * itself that it leads, because the others may not have noticed yet. Rejects with what each node has said, or when
   * `signal` aborts.
   */
  find(failed: string | undefined, signal: AbortSignal): Promise<string>;
}

interface Member {
  readonly address: string;
  readonly state: number;
}

const states = gossip.MemberInfo.VNodeState;
const replicas = [states.READONLYREPLICA, states.PREREADONLYREPLICA, states.READONLYLEADERLESS];
/** What a node may be to be used, by what is preferred; the first of them that is there. */
const preferences: Readonly<Record<string, readonly number[]>> = {
  leader: [states.LEADER, states.FOLLOWER, ...replicas],
  follower: [states.FOLLOWER, states.LEADER, ...replicas],
  read_only_replica: [...replicas, states.FOLLOWER, states.LEADER],
};

export function createCluster(settings: ConnectionSettings, credentials: ChannelCredentials): Cluster {
  const { nodePreference = 'leader', maxDiscoverAttempts, discoveryInterval, gossipTimeout } = settings.options;
  const seeds = settings.hosts.map(addressOf);
  let learned: readonly string[] = [];

  function ask(address: string, signal: AbortSignal): Promise<readonly Member[]> {
    const client = new gossipServices.GossipClient(address, credentials, {});
    return new Promise<readonly Member[]>((resolve, reject) => {
      const deadline = Date.now() + gossipTimeout * 1_000;
      const call = client.read(new shared.Empty(), new Metadata(), { deadline }, (error, info) => {
        signal.removeEventListener('abort', cancel);
        if (error === null) resolve(livingMembers(info));
        else reject(error);
      });
      const cancel = () => call.cancel();
      signal.addEventListener('abort', cancel);
    }).finally(() => client.close());
  }

  /** Asks all nodes at once, so that one which stands still holds up nobody. Undefined where none of them helps. */
  function lookAround(
    failed: string | undefined,
    said: Map<string, unknown>,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const chosen = Promise.withResolvers<string | undefined>();
    const candidates: Member[] = [];

    async function hear(address: string): Promise<void> {
      try {
        const members = await ask(address, signal);
        learned = members.map((member) => member.address);
        const usable = members.filter((member) => member.address !== failed || address === failed);
        candidates.push(...usable);
        said.set(address, 'knows no leader');
        const leader = usable.find(({ state }) => state === states.LEADER);
        if (leader !== undefined && nodePreference === 'leader') chosen.resolve(leader.address);
      } catch (error) {
        said.set(address, error);
      }
    }

    const addresses = [...new Set([...seeds, ...learned])];
    const others = addresses.filter((address) => address !== failed);
    const heard = new Map(addresses.map((address) => [address, hear(address)]));
    const awaited = others.length > 0 ? others : addresses;
    void Promise.all(awaited.map((address) => heard.get(address))).then(() =>
      chosen.resolve(preferred(candidates, nodePreference)),
    );
    return chosen.promise;
  }

  return {
    find: async (failed, signal) => {
      for (let attempt = 1; ; attempt += 1) {
        const said = new Map<string, unknown>();
        const address = await lookAround(failed, said, signal);
        if (address !== undefined) return address;
        const failure = new NoNodeFound(said);
        if (failure.isPermanent || attempt >= maxDiscoverAttempts) throw failure;
        await wait(discoveryInterval, undefined, { signal });
      }
    },
  };
}

export const addressOf = ({ address, port }: { readonly address: string; readonly port: number }): string =>
  `${address}:${port}`;

function livingMembers(info: ClusterInfo): readonly Member[] {
  return info.getMembersList().flatMap((member) => {
    const endpoint = member.getHttpEndPoint();
    if (endpoint === undefined || !member.getIsAlive()) return [];
    return [
      { address: addressOf({ address: endpoint.getAddress(), port: endpoint.getPort() }), state: member.getState() },
    ];
  });
}

/** Any of those that are the most welcome. */
function preferred(candidates: readonly Member[], preference: string): string | undefined {
  const order = preferences[preference];
  const usable = candidates.filter(({ state }) => (order ?? preferences['leader'])?.includes(state));
  const best = order?.find((wanted) => usable.some(({ state }) => state === wanted));
  const equals = usable.filter(({ state }) => best === undefined || state === best);
  return equals[Math.floor(Math.random() * equals.length)]?.address;
}
