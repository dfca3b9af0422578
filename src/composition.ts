import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Logger, pino } from 'pino';
import { createTokens, type Tokens } from './api/auth.ts';
import { createFreshness } from './api/freshness.ts';
import { startLiveFeed } from './api/live-feed.ts';
import { createReadCountAnnouncer } from './api/read-count-announcer.ts';
import { type Readiness, type Server, startServer } from './api/server.ts';
import type { Services } from './api/services.ts';
import { createCommands } from './commands/commands.ts';
import { openStores, type Stores } from './composition-stores.ts';
import type { Config } from './config.ts';
import { type EventLog, LogUnavailable, type Position } from './ports/event-log.ts';
import { type ReadModels, ReadModelsUnavailable } from './ports/read-models.ts';
import { requireCheckpointInLog } from './projections/checkpoint-ahead.ts';
import { createHotReadCounts } from './projections/hot-read-counts.ts';

/** Everything of one process, without a network address. */
export interface Highwater {
  readonly services: Services;
  readonly logger: Logger;
  /** Resolves when the process cannot go on as it is, with the reason. */
  readonly refused: Promise<Error>;
  /** Finishes what is under way and lets go of every file and connection. */
  close(): Promise<void>;
}

/** What else may be said about how a process starts. */
export interface OpenOptions {
  readonly logger?: Logger;
  /** Ends the wait for a store that is not there. */
  readonly signal?: AbortSignal;
  /** Tests put something between the log and everything that uses it. */
  readonly wrapLog?: (log: EventLog) => EventLog;
}

/**
 * Opens the stores and everything that stands on them, waiting for an event store that is not there yet. Rejects as
 * openStores does, with CheckpointAheadOfLog, and with the signal's reason when it aborts first.
 */
export async function openHighwater(config: Config, options: OpenOptions = {}): Promise<Highwater> {
  const { logger = createLogger(config), signal = new AbortController().signal } = options;
  const refused = Promise.withResolvers<Error>();
  const tokens = await openTokens(config);
  const stores = await openStores(config, logger, refused.resolve, options.wrapLog);
  try {
    const services = await createServices({ ...stores, tokens, logger, signal });
    return {
      services,
      logger,
      refused: refused.promise,
      async close() {
        await services.feed.stop();
        await stores.close();
      },
    };
  } catch (error) {
    await stores.close();
    throw error;
  }
}

/** The parts that are the same whatever the stores are. */
async function createServices(
  options: Pick<Stores, 'log' | 'readModels'> & { tokens: Tokens; logger: Logger; signal: AbortSignal },
): Promise<Services> {
  const { log, readModels, tokens, logger } = options;
  const startPosition = await findStart(options);
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

const retryMilliseconds = 1_000;

/** The log's end, from which this process follows it: waits for the log as long as it takes, and says why. */
async function findStart(options: {
  readonly log: EventLog;
  readonly readModels: ReadModels;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}): Promise<Position> {
  const { log, readModels, logger, signal } = options;
  for (let told = ''; ; ) {
    try {
      await requireCheckpointInLog(log, readModels).catch((error: unknown) => {
        // Delivery does not need them, and the projector looks again before it writes.
        if (!(error instanceof ReadModelsUnavailable)) throw error;
      });
      return await log.endPosition();
    } catch (error) {
      if (!(error instanceof LogUnavailable)) throw error;
      if (error.message !== told) logger.warn({ reason: error.message }, 'waiting for the event store');
      told = error.message;
    }
    await wait(retryMilliseconds, undefined, { signal });
  }
}

/** A process that listens. */
export interface Serving {
  readonly server: Server;
  readonly refused: Promise<Error>;
  close(): Promise<void>;
}

/**
 * Listens at once, so that /ready can say what is waited for, and resolves when GraphQL is served. Rejects as
 * openHighwater does.
 */
export async function serve(config: Config, options: OpenOptions = {}): Promise<Highwater & Serving> {
  const logger = options.logger ?? createLogger(config);
  let ready = async (): Promise<Readiness> => ({ ready: false, reason: 'waiting for the event store' });
  const server = await startServer({ ...config, logger, ready: () => ready() });
  try {
    const highwater = await openHighwater(config, { ...options, logger });
    const { freshness, feed } = highwater.services;
    ready = async () => ({ ready: await freshness.ready(), position: feed.position() });
    server.open(highwater.services);
    return {
      ...highwater,
      server,
      async close() {
        await server.close();
        await highwater.close();
      },
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** The projector alone. It listens for whoever watches over it: /ready once it projects or stands by to do so. */
export async function serveProjector(config: Config, options: OpenOptions = {}): Promise<Serving> {
  const logger = options.logger ?? createLogger(config);
  const refused = Promise.withResolvers<Error>();
  const stores = await openStores(config, logger, refused.resolve, options.wrapLog);
  const ready = async (): Promise<Readiness> => {
    const [checkpoint, end] = await Promise.all([stores.readModels.checkpoint(), stores.log.endPosition()]);
    const state = stores.projector?.state();
    return { ready: state !== 'refused', state, checkpoint, end };
  };
  try {
    const server = await startServer({ ...config, logger, ready });
    return {
      server,
      refused: refused.promise,
      async close() {
        await server.close();
        await stores.close();
      },
    };
  } catch (error) {
    await stores.close();
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
  mkdirSync(dataDirectory, { recursive: true });
  const file = join(dataDirectory, 'jwt-secret');
  try {
    // Fails when the file is there: two commands that start together agree on the first one's key.
    await writeFile(file, randomBytes(48).toString('base64url'), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  return createTokens(await readFile(file, 'utf8'), Date.now);
}
