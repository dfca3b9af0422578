import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Services } from '../api/services.ts';
import { createCommands } from '../commands/commands.ts';
import { createWholeGroups } from '../commands/whole-groups.ts';
import type { Config } from '../config.ts';
import { createBacklogBudget } from '../delivery/backlog-budget.ts';
import { createFreshness } from '../delivery/freshness.ts';
import { startLiveFeed } from '../delivery/live-feed.ts';
import { createReadCountAnnouncer } from '../delivery/read-count-announcer.ts';
import { createShownMessages } from '../delivery/shown-messages.ts';
import { type EventLog, LogUnavailable, type Position } from '../ports/event-log.ts';
import { createHaltedGroups } from '../ports/halted-groups.ts';
import type { ReadModelBuilds } from '../ports/read-model-builds.ts';
import { ReadModelsUnavailable } from '../ports/read-model-faults.ts';
import { readWholeStreams } from '../ports/whole-streams.ts';
import { requireCheckpointInLog } from '../projections/checkpoint-in-log.ts';
import { createHotReadCounts } from '../projections/hot-read-counts.ts';
import { createSharedSnapshots } from '../projections/shared-snapshots.ts';
import type { Tokens } from '../rights/tokens.ts';
import { keepRunning } from './keep-running.ts';
import { createLogTrouble, type LogTrouble } from './log-trouble.ts';
import { createLogger } from './logger.ts';
import { openStores, type Stores } from './open-stores.ts';
import { openTokens } from './open-tokens.ts';
import { type Readiness, readinessOf } from './readiness.ts';

/** Everything of one process, without a network address. */
export interface Highwater {
  readonly services: Services;
  readonly logger: Logger;
  /** What it can and cannot do now; throws why the read models cannot be used. */
  ready(): Promise<Readiness>;
  /**
   * Lets go of everything in memory that came from the read models: to be called once others are served in their place.
   * What is under way is answered, and nothing is begun on what was.
   */
  forgetAll(): void;
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
  /** Told what the event store is waited for because of. */
  readonly trouble?: LogTrouble;
}

/**
 * Opens the stores and everything that stands on them, waiting for an event store that is not there yet. Rejects as
 * openStores does, with CheckpointNotInLog, and with the signal's reason when it aborts first.
 */
export async function openHighwater(config: Config, options: OpenOptions = {}): Promise<Highwater> {
  const { logger = createLogger(config), signal = new AbortController().signal } = options;
  const refused = Promise.withResolvers<Error>();
  const tokens = await openTokens(config);
  const { trouble = createLogTrouble(logger) } = options;
  const stores = await openStores(config, logger, refused.resolve, trouble, options.wrapLog);
  try {
    const { services, forgetAll, stop } = await createServices({ ...stores, tokens, logger, signal, trouble });
    return {
      services,
      logger,
      forgetAll,
      ready: () => readinessOf({ ...services, projector: stores.projector, trouble }),
      refused: refused.promise,
      async close() {
        await stop();
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
  options: Pick<Stores, 'log' | 'builds' | 'readModels'> & {
    readonly tokens: Tokens;
    readonly logger: Logger;
    readonly signal: AbortSignal;
    readonly trouble: LogTrouble;
  },
): Promise<{ readonly services: Services; forgetAll(): void; stop(): Promise<void> }> {
  const { readModels, tokens, logger } = options;
  const startPosition = await findStart(options);
  const halted = createHaltedGroups((err) =>
    logger.error({ err }, 'something that is told of halted groups has thrown'),
  );
  halted.watch((groupId, halt) => {
    if (halt === undefined) logger.info({ groupId }, 'a halted group goes on');
    else logger.error(halt, 'a group is halted: its log holds an event that cannot be read');
  });
  const log = readWholeStreams(options.log, halted);
  const whole = createWholeGroups({ log, readModels, halted, startPosition });
  const snapshots = createSharedSnapshots({ readModels });
  const onClockBehind = (behind: object) =>
    logger.warn(
      behind,
      'a group is ahead of this server’s clock: until it has come as far, the group’s moments stand still',
    );
  const commands = createCommands({ log, readModels, snapshots, halted, whole, onClockBehind });
  const counts = createHotReadCounts({ log, readModels: snapshots.reader(), halted, startPosition });
  const ended = (error: unknown): 'again' => {
    logger.error({ err: error }, 'the live feed has ended; it is begun again where it was');
    return 'again';
  };
  const feed = startLiveFeed({
    log,
    commands,
    counts,
    startPosition,
    halted,
    keepRunning: (run) => keepRunning({ run, onEnd: ended }),
  });
  const announcer = createReadCountAnnouncer(feed, counts);
  const freshness = createFreshness({ readModels, feed, log, startPosition });
  const messages = createShownMessages({ readModels, commands, log });
  const live = { counts, feed, announcer, freshness, backlog: createBacklogBudget() };
  const services = { log, commands, readModels, halted, messages, ...live, tokens, now: Date.now, newId: randomUUID };
  const learning = keepRunning({
    async run(signal) {
      for (;;) {
        await wait(learnMilliseconds, undefined, { signal });
        await whole.refresh();
      }
    },
    // Also where the read models are away: whoever needs them is told so.
    onEnd: () => 'again',
  });
  const forgetAll = (): void => {
    for (const kept of [snapshots, commands, counts, freshness]) kept.forgetAll();
  };
  readModels.onSwitched((build) => {
    logger.info({ build }, 'other read models are served: what came from those before is begun anew');
    forgetAll();
  });
  return {
    services,
    forgetAll,
    async stop() {
      await learning.stop();
      await feed.stop();
    },
  };
}

const retryMilliseconds = 1_000;
/** Another process may project, and halt a group or let it go on: what the read models say of that is asked this often. */
const learnMilliseconds = 2_000;

/** The log's end, from which this process follows it: waits for the log as long as it takes, and says why. */
async function findStart(options: {
  readonly log: EventLog;
  readonly builds: ReadModelBuilds;
  readonly signal: AbortSignal;
  readonly trouble: LogTrouble;
}): Promise<Position> {
  const { log, builds, signal, trouble } = options;
  for (;;) {
    try {
      await requireServedInLog(log, builds).catch((error: unknown) => {
        // Delivery does not need them, and the projector looks again before it writes.
        if (!(error instanceof ReadModelsUnavailable)) throw error;
      });
      const end = await log.endPosition();
      trouble.over();
      return end;
    } catch (error) {
      if (!(error instanceof LogUnavailable)) throw error;
      trouble.met(error);
    }
    await wait(retryMilliseconds, undefined, { signal });
  }
}

/** Throws CheckpointNotInLog where the served read models are of another log. */
async function requireServedInLog(log: EventLog, builds: ReadModelBuilds): Promise<void> {
  const served = await builds.served();
  const build = (await builds.list()).find(({ id }) => id === served);
  if (build !== undefined) await requireCheckpointInLog(log, build.checkpoint);
}
