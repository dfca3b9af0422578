import { inject } from 'vitest';
import { startNetworkProxy } from '../../torture/network-proxy.ts';
import { type MongoServer, startMongoServer } from './mongo-server.ts';

/**
 * A server of the kind that the tests run on, which may be killed and started again. One that the environment names is
 * not the tests' to kill: the network before it goes down instead.
 */
export async function startMortalMongo(): Promise<MongoServer> {
  const kind = inject('mongoKind');
  if (kind !== 'named') return startMongoServer(kind);
  const url = new URL(process.env['HIGHWATER_MONGODB_URL'] ?? '');
  const proxy = await startNetworkProxy(Number(url.port || 27_017), url.hostname);
  url.host = `127.0.0.1:${proxy.port}`;
  // By the proxy's address alone: a replica set would name its own.
  url.searchParams.set('directConnection', 'true');
  return {
    url: String(url),
    stop: () => proxy.stop(),
    async kill() {
      proxy.set('refuse');
    },
    async restart() {
      proxy.set('pass');
    },
  };
}
