import type { Logger } from 'pino';
import { lockDataDirectory } from '../adapters/sqlite/data-directory-lock.ts';
import { openSqliteEventLog } from '../adapters/sqlite/event-log.ts';
import type { Config } from '../config.ts';
import { filesOf, prepareDataDirectory } from './data-directory.ts';

/** The embedded log, served to clients of EventStoreDB. */
export interface ServedLog {
  readonly url: string;
  /** Ends subscriptions, finishes appends under way and lets go of the files. */
  close(): Promise<void>;
}

/**
 * Serves the log of a data directory over EventStoreDB's protocol. The directory is this process's own while it does:
 * throws DataDirectoryLocked when another has it, LogVersionUnsupported or ForeignLogFile as the log's adapter does.
 */
export async function serveEventStore(
  { dataDirectory, host, port }: Pick<Config, 'dataDirectory' | 'host' | 'port'>,
  logger: Logger,
): Promise<ServedLog> {
  // Loaded here, so that every other command starts without a gRPC server.
  const { startEventStoreServer } = await import('../eventstore-server/server.ts');
  prepareDataDirectory(dataDirectory);
  const closing = new AsyncDisposableStack();
  try {
    const lock = lockDataDirectory(dataDirectory);
    closing.defer(() => lock.release());
    const log = await openSqliteEventLog({ file: filesOf(dataDirectory).log });
    closing.defer(() => log.close());
    const onFault = (error: unknown) => logger.error({ err: error }, 'a call of the EventStoreDB protocol has failed');
    const server = await startEventStoreServer({ log, host, port, onFault });
    closing.defer(() => server.close());
    return { url: server.url, close: () => closing.disposeAsync() };
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
}
