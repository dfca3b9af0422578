import { join } from 'node:path';
import { firstMatch, runContestant, startNode, stop } from './child.ts';
import { freshDatabase } from './database.ts';
import { type RunningServer, startServer } from './server.ts';
import { environmentOf, type ServerUrls } from './servers.ts';

/** Whether the process that serves also projects, or another one does. */
export type Processes = 'one process' | 'api and projector';

/** Starts the product on servers where there are any, otherwise as one process on embedded stores. */
export function startProduct(
  servers: ServerUrls | undefined,
  processes: Processes,
  dataDirectory: string,
): Promise<RunningServer> {
  return servers === undefined
    ? startServer('product', dataDirectory)
    : startOnServers(servers, processes, dataDirectory);
}

/** Starts the product on a log that is served over EventStoreDB's protocol by a process of its own. */
export async function startBesideEventStore(dataDirectory: string): Promise<RunningServer> {
  const arguments_ = ['eventstore', '--port', '0', '--data', join(dataDirectory, 'log')];
  const store = startNode('../src/main.ts', arguments_, 'server', { HIGHWATER_LOG_LEVEL: 'error' });
  try {
    const url = await firstMatch(store, /EventStoreDB protocol at (\S+)/);
    const server = await startServer('product', dataDirectory, { HIGHWATER_EVENTSTORE_URL: url });
    const end = async () => {
      await server.stop();
      await stop(store);
    };
    return { ...server, stop: end };
  } catch (error) {
    await stop(store);
    throw error;
  }
}

/**
 * Starts the product on an event store and on a MongoDB database of its own, which is dropped when it stops. Its read
 * models begin at the log's end: what it is asked for must be in groups that did not exist before.
 */
async function startOnServers(
  servers: ServerUrls,
  processes: Processes,
  dataDirectory: string,
): Promise<RunningServer> {
  const database = freshDatabase(servers);
  const environment = environmentOf(database.servers);
  const endings = [database.drop];
  const end = async () => {
    for (const ending of endings.splice(0).reverse()) await ending();
  };
  try {
    await runContestant('contestants/begin-at-end.ts', {}, 'anywhere', environment);
    const isSplit = processes === 'api and projector';
    if (isSplit) {
      const args = ['serve', '--role', 'projector', '--port', '0'];
      const projector = startNode('../src/main.ts', args, 'server', {
        ...environment,
        HIGHWATER_DATA: dataDirectory,
        HIGHWATER_LOG_LEVEL: 'error',
      });
      endings.push(() => stop(projector));
      await firstMatch(projector, /projects; (http:\S+)\/ready/);
    }
    const role = isSplit ? 'api' : 'all';
    const server = await startServer('product', dataDirectory, { ...environment, HIGHWATER_ROLE: role });
    endings.push(server.stop);
    return { ...server, stop: end };
  } catch (error) {
    await end();
    throw error;
  }
}
