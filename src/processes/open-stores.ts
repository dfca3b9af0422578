import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { lockDataDirectory } from '../adapters/sqlite/data-directory-lock.ts';
import { openSqliteEventLog } from '../adapters/sqlite/event-log.ts';
import { openSqliteReadModelWriter } from '../adapters/sqlite/read-model-writer.ts';
import { openSqliteReadModels } from '../adapters/sqlite/read-models.ts';
import { type Config, ConfigInvalid } from '../config.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { ReadModels, ReadModelWriter } from '../ports/read-models.ts';
import type { CheckpointAheadOfLog } from '../projections/checkpoint-ahead.ts';
import { filesOf, prepareDataDirectory } from './data-directory.ts';
import type { Projector } from './projector.ts';
import { startProjectorInProcess } from './projector-in-process.ts';
import { startProjectorThread } from './projector-in-thread.ts';

/** What a process stands on. */
export interface Stores {
  readonly log: EventLog;
  readonly readModels: ReadModels;
  /** Undefined where other processes project. */
  readonly projector: Projector | undefined;
  /** Finishes what is under way and lets go of every file and connection. */
  close(): Promise<void>;
}

/** How the parts that a process has opened are let go of again: the last one first. */
type Closing = (() => Promise<void> | void)[];

/**
 * Opens the stores that the configuration names and the projector, where this process's role has one. Servers need not
 * be up: whoever uses the stores is told that they are unavailable. Embedded stores are one process's own: throws
 * DataDirectoryLocked when another has the directory, LogVersionUnsupported or ForeignLogFile when the log is not one
 * that this Highwater can keep; the log's file is then as it was.
 */
export async function openStores(
  config: Config,
  logger: Logger,
  onRefused: (error: CheckpointAheadOfLog) => void,
  wrapLog: (log: EventLog) => EventLog = (log) => log,
): Promise<Stores> {
  const closing: Closing = [];
  const close = async () => {
    for (const closePart of closing.splice(0).reverse()) await closePart();
  };
  try {
    const log = wrapLog(await openLog(config, logger, closing));
    return { log, ...(await openReadModels(config, logger, log, onRefused, closing)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openLog(config: Config, logger: Logger, closing: Closing): Promise<EventLog> {
  const { dataDirectory, eventStoreUrl, mongoUrl } = config;
  if (eventStoreUrl === undefined || mongoUrl === undefined) {
    prepareDataDirectory(dataDirectory);
    const lock = lockDataDirectory(dataDirectory);
    closing.push(() => lock.release());
  }
  const log =
    eventStoreUrl === undefined
      ? await openSqliteEventLog({ file: filesOf(config.dataDirectory).log })
      : await openEventStoreLog(eventStoreUrl, logger);
  closing.push(() => log.close());
  return log;
}

// The drivers of servers are loaded only where they are used: an embedded process starts without them.
async function openEventStoreLog(url: string, logger: Logger): Promise<EventLog> {
  const adapter = await import('../adapters/eventstoredb/event-log.ts');
  const onFault = (fault: unknown) =>
    logger.warn({ reason: String(fault) }, 'the event store’s subscription is begun again');
  return usable('HIGHWATER_EVENTSTORE_URL', () => adapter.openEventStoreLog({ url, onFault }));
}

/** Opening a store needs no server: what it fails with is about the connection string. */
async function usable<Store>(variable: string, open: () => Promise<Store>): Promise<Store> {
  try {
    return await open();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigInvalid(`${variable} cannot be used: ${reason}`, { cause: error });
  }
}

async function openReadModels(
  config: Config,
  logger: Logger,
  log: EventLog,
  onRefused: (error: CheckpointAheadOfLog) => void,
  closing: Closing,
): Promise<Pick<Stores, 'readModels' | 'projector'>> {
  const { eventStoreUrl, mongoUrl, role } = config;
  if (eventStoreUrl === undefined && mongoUrl === undefined) return openEmbedded(config, logger, onRefused, closing);
  const openWriter = await writerOpener(config, logger);
  let readModels: ReadModels;
  if (mongoUrl === undefined) {
    // The writer makes the file that readers open.
    await (await openWriter(AbortSignal.abort())).close();
    readModels = openSqliteReadModels({ file: filesOf(config.dataDirectory).readModels });
  } else {
    const adapter = await import('../adapters/mongodb/read-models.ts');
    readModels = await usable('HIGHWATER_MONGODB_URL', () => adapter.openMongoReadModels({ url: mongoUrl }));
  }
  closing.push(() => readModels.close());
  if (role === 'api') return { readModels, projector: undefined };
  const projector = startProjectorInProcess({ log, openWriter, logger, onRefused });
  closing.push(() => projector.stop());
  return { readModels, projector };
}

/** Both files allow another thread: the serving one then never waits for a read model to be written. */
async function openEmbedded(
  config: Config,
  logger: Logger,
  onRefused: (error: CheckpointAheadOfLog) => void,
  closing: Closing,
): Promise<Pick<Stores, 'readModels' | 'projector'>> {
  const files = filesOf(config.dataDirectory);
  const projector = await startProjectorThread({ files, logger, onRefused });
  closing.push(() => projector.stop());
  const readModels = openSqliteReadModels({ file: files.readModels });
  closing.push(() => readModels.close());
  projector.onRebuilt(() => readModels.reopen());
  return { readModels, projector };
}

type OpenWriter = (signal: AbortSignal) => Promise<ReadModelWriter>;

/** How this process becomes the one writer: in MongoDB it waits for the lease. */
async function writerOpener(config: Config, logger: Logger): Promise<OpenWriter> {
  const { mongoUrl } = config;
  if (mongoUrl === undefined) {
    return async () => openSqliteReadModelWriter({ file: filesOf(config.dataDirectory).readModels });
  }
  const adapter = await import('../adapters/mongodb/read-model-writer.ts');
  const holder = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
  return (signal) =>
    adapter.openMongoReadModelWriter({
      url: mongoUrl,
      holder,
      signal,
      onWaiting: (reason) => logger.info({ reason }, 'this process stands by to project'),
    });
}
