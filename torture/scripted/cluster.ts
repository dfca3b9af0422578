import type { ClusterView, Member } from './cluster-view.ts';
import { createMemoryLog, type MemoryLog } from './memory-log.ts';
import { type Certificate, type ScriptedServer, startScriptedServer } from './server.ts';

/** Nodes that share a log and have a leader, or none for a while. */
export interface ScriptedCluster {
  readonly nodes: readonly ScriptedServer[];
  readonly log: MemoryLog;
  /** A connection string with every node. */
  readonly url: string;
  leader(): ScriptedServer;
  /** Ends the leader as a kill does; the others go on naming it until an election begins. */
  killLeader(): void;
  /** The leader stands still and does not know that it leads no longer; the others begin an election without it. */
  depose(): void;
  /** From now on nobody leads, and nobody says who does. */
  beginElection(): void;
  /** Ends an election: any living node leads. */
  elect(): ScriptedServer;
  stop(): void;
}

/** All at the loopback's address, which is also what they advertise. The first one leads. */
export async function startScriptedCluster(size: number, tls?: Certificate): Promise<ScriptedCluster> {
  const log = createMemoryLog();
  const nodes: ScriptedServer[] = [];
  const gone = new Set<ScriptedServer>();
  let leader: ScriptedServer | undefined;
  let deposed: ScriptedServer | undefined;
  const members = (): readonly Member[] =>
    nodes.map((node) => ({ host: '127.0.0.1', port: node.port, isAlive: !gone.has(node) }));
  for (let index = 0; index < size; index += 1) {
    const isDeposed = () => deposed !== undefined && deposed === nodes[index];
    const view: ClusterView = {
      members,
      leader: () => (isDeposed() ? deposed : leader)?.port,
      standsStill: isDeposed,
    };
    nodes.push(await startScriptedServer({ log, cluster: view, ...(tls && { tls }) }));
  }
  leader = nodes[0];

  function theLeader(): ScriptedServer {
    if (leader === undefined) throw new Error('nobody leads');
    return leader;
  }

  return {
    nodes,
    log,
    url: `esdb://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}?tls=${tls !== undefined}`,
    leader: theLeader,
    killLeader: () => {
      const killed = theLeader();
      gone.add(killed);
      killed.stop();
    },
    depose: () => {
      deposed = theLeader();
      gone.add(deposed);
      leader = undefined;
    },
    beginElection: () => {
      leader = undefined;
    },
    elect: () => {
      leader = nodes.find((node) => !gone.has(node));
      return theLeader();
    },
    stop: () => {
      for (const node of nodes) node.stop();
    },
  };
}
