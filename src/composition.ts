import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import { lockDataDirectory } from './adapters/sqlite/data-directory-lock.ts';
import { openSqliteEventLog } from './adapters/sqlite/event-log.ts';
import { openSqliteReadModels } from './adapters/sqlite/read-models.ts';
import { createTokens, type Tokens } from './api/auth.ts';
import { createFreshness } from './api/freshness.ts';
import { startLiveFeed } from './api/live-feed.ts';
import { createReadCountAnnouncer } from './api/read-count-announcer.ts';
import { type Server, startServer } from './api/server.ts';
import type { Services } from './api/services.ts';
import { createCommands } from './commands/commands.ts';
import type { Config } from './config.ts';
import type { EventLog } from './ports/event-log.ts';
import type { ReadModels } from './ports/read-models.ts';
import { createHotReadCounts } from './projections/hot-read-counts.ts';
import { startProjector } from './projector.ts';

/** Everything of one process, without a network address. */
export interface Highwater {
  readonly services: Services;
  readonly logger: Logger;
  /** Finishes what is under way and lets go of every file. */
  close(): Promise<void>;
}

/**
 * Opens the embedded stores, the projector's thread and everything that stands on them. One process at a time: throws
 * DataDirectoryLocked when another has the directory, LogVersionUnsupported or ForeignLogFile when the log is not one
 * that this Highwater can keep; the log's file is then as it was.
 */
export async function openHighwater(config: Config, logger: Logger = createLogger(config)): Promise<Highwater> {
  mkdirSync(config.dataDirectory, { recursive: true });
  const lock = lockDataDirectory(config.dataDirectory);
  try {
    const files = {
      log: join(config.dataDirectory, 'log.db'),
      readModels: join(config.dataDirectory, 'read-models.db'),
    };
    const tokens = await openTokens(config);
    const log = await openSqliteEventLog({ file: files.log });
    const projector = await startProjector({ files, logger });
    const readModels = openSqliteReadModels({ file: files.readModels });
    projector.onRebuilt(() => readModels.reopen());
    const services = await createServices({ log, readModels, tokens, logger });
    return {
      services,
      logger,
      async close() {
        await services.feed.stop();
        await projector.stop();
        await readModels.close();
        await log.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The parts that are the same whatever the stores are. */
export async function createServices(stores: {
  readonly log: EventLog;
  readonly readModels: ReadModels;
  readonly tokens: Tokens;
  readonly logger: Logger;
}): Promise<Services> {
  const { log, readModels, tokens, logger } = stores;
  const startPosition = await log.endPosition();
  const commands = createCommands({ log, readModels });
  const counts = createHotReadCounts({ log, readModels, startPosition });
  const feed = startLiveFeed({
    log,
    commands,
    counts,
    startPosition,
    onPoison: ({ streamName, version }, error) =>
      logger.error({ streamName, version, err: error }, 'an event cannot be decoded: its group is halted'),
    onFault: (error) => logger.fatal({ err: error }, 'the live feed has ended: subscriptions get nothing more'),
  });
  const announcer = createReadCountAnnouncer(feed, counts);
  const freshness = createFreshness({ readModels, feed, startPosition });
  return { log, commands, readModels, counts, feed, announcer, freshness, tokens, now: Date.now, newId: randomUUID };
}

/** Opens everything and serves it. */
export async function serve(config: Config, logger?: Logger): Promise<Highwater & { readonly server: Server }> {
  const highwater = await openHighwater(config, logger);
  const { host, port, allowedOrigins } = config;
  try {
    const server = await startServer({
      services: highwater.services,
      logger: highwater.logger,
      host,
      port,
      allowedOrigins,
    });
    return {
      ...highwater,
      server,
      async close() {
        await server.close();
        await highwater.close();
      },
    };
  } catch (error) {
    await highwater.close();
    throw error;
  }
}

/** Logs are lines of JSON on standard error, so that standard output is for answers. */
export function createLogger({ logLevel }: Pick<Config, 'logLevel'>): Logger {
  return pino({ level: logLevel }, pino.destination({ dest: 2, sync: true }));
}

/** The configured key, or one that is made at the first start and kept beside the log for its owner alone. */
export async function openTokens({ jwtSecret, dataDirectory }: Config): Promise<Tokens> {
  if (jwtSecret !== undefined) return createTokens(jwtSecret, Date.now);
  const file = join(dataDirectory, 'jwt-secret');
  try {
    // Fails when the file is there: two commands that start together agree on the first one's key.
    await writeFile(file, randomBytes(48).toString('base64url'), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  return createTokens(await readFile(file, 'utf8'), Date.now);
}
