import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * What a network does to the connections through it:
 *
 * - `pass`: nothing; with `latencyMilliseconds` every chunk is handed on that much later.
 * - `refuse`: every connection is reset, and so is every new one, as where nothing listens.
 * - `silent`: nothing is handed on in either direction and nothing is closed, new connections included: a partition.
 * - `swallowAnswers`: requests arrive, answers do not. What was asked for is done, and whoever asked never hears of it.
 */
export type NetworkFault = 'pass' | 'refuse' | 'silent' | 'swallowAnswers';

/** A TCP proxy on the loopback in front of a server, whose network can be made to fail. */
export interface NetworkProxy {
  readonly port: number;
  latencyMilliseconds: number;
  /** From now on. What was swallowed does not come later: `pass` resets the connections that have lost bytes. */
  set(fault: NetworkFault): void;
  /** Resets the connections that are open now, and no later ones. */
  reset(): void;
  /** The connections that are open now carry nothing more and stay open: half-open peers. New ones work. */
  freeze(): void;
  stop(): Promise<void>;
}

interface Link {
  readonly sockets: readonly Socket[];
  isFrozen: boolean;
  hasLostBytes: boolean;
}

export async function startNetworkProxy(targetPort: number, targetHost = '127.0.0.1'): Promise<NetworkProxy> {
  let fault: NetworkFault = 'pass';
  const links = new Set<Link>();
  const settings = { latencyMilliseconds: 0 };
  let stopped: Promise<unknown> | undefined;

  function handOn(link: Link, from: Socket, to: Socket, isAnswer: boolean): void {
    const end = () => {
      links.delete(link);
      for (const socket of link.sockets) socket.destroy();
    };
    // A network may be slow, but TCP never changes the order: not even when the latency falls.
    let queue = Promise.resolve();
    const write = async (chunk: Buffer | string, dueAt: number) => {
      const milliseconds = dueAt - performance.now();
      if (milliseconds > 0) await wait(milliseconds);
      if (!to.destroyed) to.write(chunk);
    };
    from.setNoDelay(true).on('error', end).on('close', end);
    from.on('data', (chunk) => {
      if (link.isFrozen) return;
      if (fault === 'silent' || (fault === 'swallowAnswers' && isAnswer)) {
        link.hasLostBytes = true;
        return;
      }
      const dueAt = performance.now() + settings.latencyMilliseconds;
      queue = queue.then(() => write(chunk, dueAt));
    });
  }

  const server = createServer((near) => {
    if (fault === 'refuse') return void near.resetAndDestroy();
    const far = connect(targetPort, targetHost);
    const link: Link = { sockets: [near, far], isFrozen: false, hasLostBytes: false };
    links.add(link);
    handOn(link, near, far, false);
    handOn(link, far, near, true);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  function reset(isMeant: (link: Link) => boolean = () => true): void {
    for (const link of [...links].filter(isMeant)) for (const socket of link.sockets) socket.resetAndDestroy();
  }

  return Object.assign(settings, {
    port: (server.address() as AddressInfo).port,
    set(next: NetworkFault) {
      fault = next;
      if (next === 'refuse') reset();
      if (next === 'pass') reset(({ hasLostBytes }) => hasLostBytes);
    },
    reset: () => reset(),
    freeze() {
      for (const link of links) link.isFrozen = true;
    },
    stop() {
      reset();
      stopped ??= once(server, 'close');
      server.close();
      return stopped.then(() => {});
    },
  });
}
