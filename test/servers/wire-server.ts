import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteEventLog } from '../../src/adapters/sqlite/event-log.ts';
import { startEventStoreServer } from '../../src/eventstore-server/server.ts';
import type { EventLog } from '../../src/ports/event-log.ts';

export interface WireServer {
  /** A connection string; the port stays the same through `restart`. */
  readonly url: string;
  readonly port: number;
  /** The log that is served: another one after `restart`. */
  readonly log: EventLog;
  readonly dataDirectory: string;
  /** Ends the server and its log, as a stopping process does: whoever is connected loses the connection. */
  goDown(): Promise<void>;
  /** The same data, served again at the same port. */
  comeUp(): Promise<void>;
  restart(): Promise<void>;
  /** Ends everything and removes the data. */
  stop(): Promise<void>;
}

/** An embedded log of its own, served over EventStoreDB's protocol, in this process. */
export async function startWireServer(): Promise<WireServer> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'highwater-wire-'));
  const faults: unknown[] = [];
  const open = async (port: number) => {
    const log = await openSqliteEventLog({ file: join(dataDirectory, 'log.db') });
    const server = await startEventStoreServer({
      log,
      host: '127.0.0.1',
      port,
      onFault: (error) => faults.push(error),
    });
    return { log, server };
  };
  let running = await open(0);
  const { url, port } = running.server;

  const goDown = async () => {
    await running.server.close();
    await running.log.close();
  };
  const comeUp = async () => {
    running = await open(port);
  };
  return {
    url,
    port,
    get log() {
      return running.log;
    },
    dataDirectory,
    goDown,
    comeUp,
    restart: async () => {
      await goDown();
      await comeUp();
    },
    stop: async () => {
      await goDown();
      await rm(dataDirectory, { recursive: true, force: true });
      if (faults.length > 0) throw new AggregateError(faults, 'the wire server met defects of its own');
    },
  };
}
