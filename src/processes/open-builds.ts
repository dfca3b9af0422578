import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Logger } from 'pino';
import { openSqliteEventLogReader } from '../adapters/sqlite/event-log.ts';
import { openSqliteReadModelBuilds } from '../adapters/sqlite/read-model-builds.ts';
import type { Config } from '../config.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { ReadModelBuilds } from '../ports/read-model-builds.ts';
import { filesOf } from './data-directory.ts';
import { createLogTrouble } from './log-trouble.ts';
import { openEventStoreLog, openMongoBuilds } from './open-stores.ts';
import { StartRefused } from './start-refused.ts';

/** What is needed to build the read models beside whoever serves. */
export interface OpenBuilds {
  readonly log: EventLog;
  readonly builds: ReadModelBuilds;
  close(): Promise<void>;
}

/** Another process has written: it does not say so to this one. */
const pollMilliseconds = 15;

/**
 * Opens the log for reading and the builds of the read models, also while another process serves from both: the data
 * directory stays that process's own. Servers need not be up. Throws StartRefused where there is no log.
 */
export async function openBuilds(config: Config, logger: Logger): Promise<OpenBuilds> {
  const closing = new AsyncDisposableStack();
  try {
    const log = await openLog(config, logger);
    closing.defer(() => log.close());
    const { mongoUrl, dataDirectory } = config;
    const builds =
      mongoUrl === undefined
        ? openSqliteReadModelBuilds({ directory: filesOf(dataDirectory).readModels })
        : await openMongoBuilds(mongoUrl, logger);
    closing.defer(() => builds.close());
    return { log, builds, close: () => closing.disposeAsync() };
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
}

async function openLog({ eventStoreUrl, dataDirectory }: Config, logger: Logger): Promise<EventLog> {
  if (eventStoreUrl !== undefined) return openEventStoreLog(eventStoreUrl, logger, createLogTrouble(logger));
  const { log: file } = filesOf(dataDirectory);
  if (!existsSync(file))
    throw new StartRefused(`there is no event log in the data directory ${resolve(dataDirectory)}`);
  return openSqliteEventLogReader({ file, pollMilliseconds });
}
