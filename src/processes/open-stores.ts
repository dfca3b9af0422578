import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { lockDataDirectory } from '../adapters/sqlite/data-directory-lock.ts';
import { openSqliteEventLog } from '../adapters/sqlite/event-log.ts';
import { discardReadModels } from '../adapters/sqlite/read-model-file.ts';
import { openSqliteReadModelWriter } from '../adapters/sqlite/read-model-writer.ts';
import { openSqliteReadModels } from '../adapters/sqlite/read-models.ts';
import { type Config, ConfigInvalid } from '../config.ts';
import { type EventLog, LogUnavailable } from '../ports/event-log.ts';
import type { ReadModels } from '../ports/read-models.ts';
import type { CheckpointAheadOfLog } from '../projections/checkpoint-ahead.ts';
import { filesOf, prepareDataDirectory } from './data-directory.ts';
import type { LogTrouble } from './log-trouble.ts';
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

/** How the parts that a process has opened are let go of again: the last one first, each whatever became of the others. */
type Closing = AsyncDisposableStack;

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
  trouble: LogTrouble,
  wrapLog: (log: EventLog) => EventLog = (log) => log,
): Promise<Stores> {
  const closing: Closing = new AsyncDisposableStack();
  const close = () => closing.disposeAsync();
  try {
    const log = wrapLog(await openLog(config, logger, trouble, closing));
    return { log, ...(await openReadModels(config, logger, log, { onRefused, trouble }, closing)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openLog(config: Config, logger: Logger, trouble: LogTrouble, closing: Closing): Promise<EventLog> {
  const { dataDirectory, eventStoreUrl, mongoUrl } = config;
  if (eventStoreUrl === undefined || mongoUrl === undefined) {
    prepareDataDirectory(dataDirectory);
    const lock = lockDataDirectory(dataDirectory);
    closing.defer(() => lock.release());
  }
  const log =
    eventStoreUrl === undefined
      ? await openSqliteEventLog({ file: filesOf(config.dataDirectory).log })
      : await openEventStoreLog(eventStoreUrl, logger, trouble);
  closing.defer(() => log.close());
  return log;
}

// The drivers of servers are loaded only where they are used: an embedded process starts without them.
async function openEventStoreLog(url: string, logger: Logger, trouble: LogTrouble): Promise<EventLog> {
  const adapter = await import('../adapters/eventstoredb/event-log.ts');
  const onFault = (fault: Error) => {
    if (fault.cause instanceof LogUnavailable) trouble.met(fault.cause);
    else logger.warn({ reason: fault.message }, 'the event store’s subscription is begun again');
  };
  const onResumed = () => {
    trouble.over();
    logger.info('the event store’s subscription goes on');
  };
  return usable('HIGHWATER_EVENTSTORE_URL', () => adapter.openEventStoreLog({ url, onFault, onResumed }));
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

/** Whom a projector tells what. */
interface Tell {
  readonly onRefused: (error: CheckpointAheadOfLog) => void;
  readonly trouble: LogTrouble;
}

type OpenReadModels = Pick<Stores, 'readModels' | 'projector'>;

function openReadModels(
  config: Config,
  logger: Logger,
  log: EventLog,
  tell: Tell,
  closing: Closing,
): Promise<OpenReadModels> {
  const { eventStoreUrl, mongoUrl } = config;
  if (mongoUrl !== undefined) return openOnMongo(mongoUrl, config, logger, log, tell, closing);
  if (eventStoreUrl !== undefined) return openBesideServer(config, logger, log, tell, closing);
  return openEmbedded(config, logger, tell, closing);
}

/** Both files allow another thread: the serving one then never waits for a read model to be written. */
async function openEmbedded(config: Config, logger: Logger, tell: Tell, closing: Closing): Promise<OpenReadModels> {
  const files = filesOf(config.dataDirectory);
  const projector = await startProjectorThread({ files, logger, onRefused: tell.onRefused });
  closing.defer(() => projector.stop());
  const readModels = openSqliteReadModels({ file: files.readModels, onDamage: projector.rebuild });
  closing.defer(() => readModels.close());
  projector.onRebuilt(() => readModels.reopen());
  return { readModels, projector };
}

/** Read models in a file of a log on a server: they are written where the log is followed. */
async function openBesideServer(
  config: Config,
  logger: Logger,
  log: EventLog,
  tell: Tell,
  closing: Closing,
): Promise<OpenReadModels> {
  const { readModels: file } = filesOf(config.dataDirectory);
  // The writer makes the file that readers open.
  await openSqliteReadModelWriter({ file }).close();
  const readModels = openSqliteReadModels({ file });
  closing.defer(() => readModels.close());
  const openWriter = async () => {
    const writer = openSqliteReadModelWriter({ file });
    readModels.reopen();
    return writer;
  };
  const onCorrupt = () => discardReadModels(file);
  const projector = startProjectorInProcess({ log, openWriter, logger, ...tell, onCorrupt });
  closing.defer(() => projector.stop());
  return { readModels, projector };
}

/** To become the one writer there, a process waits for the lease. */
async function openOnMongo(
  url: string,
  { role }: Config,
  logger: Logger,
  log: EventLog,
  tell: Tell,
  closing: Closing,
): Promise<OpenReadModels> {
  const { openMongoReadModels } = await import('../adapters/mongodb/read-models.ts');
  const { openMongoReadModelWriter } = await import('../adapters/mongodb/read-model-writer.ts');
  const readModels = await usable('HIGHWATER_MONGODB_URL', () => openMongoReadModels({ url }));
  closing.defer(() => readModels.close());
  if (role === 'api') return { readModels, projector: undefined };
  const holder = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
  const onWaiting = (reason: string) => logger.info({ reason }, 'this process stands by to project');
  const openWriter = (signal: AbortSignal) => openMongoReadModelWriter({ url, holder, signal, onWaiting });
  const projector = startProjectorInProcess({ log, openWriter, logger, ...tell });
  closing.defer(() => projector.stop());
  return { readModels, projector };
}
