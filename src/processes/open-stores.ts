import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { lockDataDirectory } from '../adapters/sqlite/data-directory-lock.ts';
import { openSqliteEventLog } from '../adapters/sqlite/event-log.ts';
import { openSqliteReadModelBuilds } from '../adapters/sqlite/read-model-builds.ts';
import { type Config, ConfigInvalid } from '../config.ts';
import { type EventLog, LogUnavailable } from '../ports/event-log.ts';
import type { ReadModelBuilds } from '../ports/read-model-builds.ts';
import type { CheckpointNotInLog } from '../projections/checkpoint-in-log.ts';
import { condemning } from './condemned-builds.ts';
import { filesOf, prepareDataDirectory } from './data-directory.ts';
import type { LogTrouble } from './log-trouble.ts';
import type { Projector } from './projector.ts';
import { startProjectorInProcess } from './projector-in-process.ts';
import { startProjectorThread } from './projector-in-thread.ts';
import { createServedReadModels, type ServedReadModels } from './served-read-models.ts';

/** What a process stands on. */
export interface Stores {
  readonly log: EventLog;
  readonly builds: ReadModelBuilds;
  readonly readModels: ServedReadModels;
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
  onRefused: (error: CheckpointNotInLog) => void,
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
export async function openEventStoreLog(url: string, logger: Logger, trouble: LogTrouble): Promise<EventLog> {
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
  readonly onRefused: (error: CheckpointNotInLog) => void;
  readonly trouble: LogTrouble;
}

type OpenReadModels = Pick<Stores, 'builds' | 'readModels' | 'projector'>;

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
  return openEmbedded(config, logger, log, tell, closing);
}

/** Readers of the served build, wherever the builds are. */
function openServed(builds: ReadModelBuilds, log: EventLog, logger: Logger, closing: Closing): ServedReadModels {
  const readModels = createServedReadModels({ builds, log, logger, onDamage: condemning(builds, logger) });
  closing.defer(() => readModels.close());
  return readModels;
}

/** Files allow another thread: the serving one then never waits for a read model to be written. */
async function openEmbedded(
  config: Config,
  logger: Logger,
  log: EventLog,
  tell: Tell,
  closing: Closing,
): Promise<OpenReadModels> {
  const { dataDirectory } = config;
  const projector = await startProjectorThread({ dataDirectory, logger, onRefused: tell.onRefused });
  closing.defer(() => projector.stop());
  const builds = openSqliteReadModelBuilds({ directory: filesOf(dataDirectory).readModels, removesSchema2: true });
  const readModels = openServed(builds, log, logger, closing);
  projector.onServing(() => void readModels.look());
  return { builds, readModels, projector };
}

/** Read models in a file of a log on a server: they are written where the log is followed. */
async function openBesideServer(
  config: Config,
  logger: Logger,
  log: EventLog,
  tell: Tell,
  closing: Closing,
): Promise<OpenReadModels> {
  const builds = openSqliteReadModelBuilds({
    directory: filesOf(config.dataDirectory).readModels,
    removesSchema2: true,
  });
  return projectHere(builds, logger, log, tell, closing);
}

function projectHere(
  builds: ReadModelBuilds,
  logger: Logger,
  log: EventLog,
  tell: Tell,
  closing: Closing,
): OpenReadModels {
  const readModels = openServed(builds, log, logger, closing);
  const projector = startProjectorInProcess({ log, builds, logger, ...tell });
  closing.defer(() => projector.stop());
  projector.onServing(() => void readModels.look());
  return { builds, readModels, projector };
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
  const builds = await openMongoBuilds(url, logger);
  closing.defer(() => builds.close());
  if (role !== 'api') return projectHere(builds, logger, log, tell, closing);
  return { builds, readModels: openServed(builds, log, logger, closing), projector: undefined };
}

export async function openMongoBuilds(url: string, logger: Logger): Promise<ReadModelBuilds> {
  const { openMongoReadModelBuilds } = await import('../adapters/mongodb/read-model-builds.ts');
  const holder = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
  const onWaiting = (reason: string) => logger.info({ reason }, 'this process stands by to project');
  const onNotice = (notice: string) => logger.warn({ notice }, 'the read models’ server lacks something');
  return usable('HIGHWATER_MONGODB_URL', async () => openMongoReadModelBuilds({ url, holder, onWaiting, onNotice }));
}
