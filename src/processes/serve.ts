import type { EdgeLimits } from '../api/edge-limits.ts';
import { type Readiness, type Server, startServer } from '../api/server.ts';
import type { Config } from '../config.ts';
import { type Highwater, type OpenOptions, openHighwater } from './highwater.ts';
import { createLogTrouble } from './log-trouble.ts';
import { createLogger } from './logger.ts';
import { openStores } from './open-stores.ts';
import { projectorRefused, readyUnless } from './readiness.ts';
import { listening } from './start-refused.ts';
import { usualAwayMilliseconds, watchFeed } from './watch-feed.ts';

/** A process that listens. */
export interface Serving {
  readonly server: Server;
  readonly refused: Promise<Error>;
  close(): Promise<void>;
}

export interface ServeOptions extends OpenOptions {
  /** Others than the defaults only in tests, which do not wait for half a minute. */
  readonly limits?: Partial<EdgeLimits>;
  /** How long the live feed may be away before its subscribers are told to resume; likewise. */
  readonly awayMilliseconds?: number;
}

/**
 * Listens at once, so that /ready can say what is waited for, and resolves when GraphQL is served. Rejects as
 * openHighwater does.
 */
export async function serve(config: Config, options: ServeOptions = {}): Promise<Highwater & Serving> {
  const logger = options.logger ?? createLogger(config);
  const trouble = createLogTrouble(logger);
  let ready = async (): Promise<Readiness> => ({ ready: false, reason: waitingFor(trouble.reason()) });
  const { limits = {} } = options;
  const server = await listening(config, () => startServer({ ...config, logger, limits, ready: () => ready() }));
  try {
    const highwater = await openHighwater(config, { ...options, logger, trouble });
    ready = highwater.ready;
    server.open(highwater.services);
    const { awayMilliseconds = usualAwayMilliseconds } = options;
    const stopWatching = watchFeed(highwater.services.feed, server.sendAway, awayMilliseconds, (err) => {
      logger.error({ err }, 'those who hear nothing could not be sent away');
    });
    return {
      ...highwater,
      server,
      async close() {
        stopWatching();
        await server.close();
        await highwater.close();
      },
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}

const waitingFor = (reason: string | undefined): string =>
  reason === undefined ? 'waiting for the event store' : `waiting for the event store: ${reason}`;

/** The projector alone. It listens for whoever watches over it: /ready once it projects or stands by to do so. */
export async function serveProjector(config: Config, options: OpenOptions = {}): Promise<Serving> {
  const logger = options.logger ?? createLogger(config);
  const refused = Promise.withResolvers<Error>();
  const trouble = createLogTrouble(logger);
  const stores = await openStores(config, logger, refused.resolve, trouble, options.wrapLog);
  const ready = async (): Promise<Readiness> => {
    const [checkpoint, end] = await Promise.all([stores.readModels.checkpoint(), stores.log.endPosition()]);
    const state = stores.projector?.state();
    return { ...readyUnless(state === 'refused' && projectorRefused), state, checkpoint, end };
  };
  try {
    const server = await listening(config, () => startServer({ ...config, logger, ready }));
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
