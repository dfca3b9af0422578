import type { EdgeLimits } from '../api/edge-limits.ts';
import { type Readiness, type Server, startServer } from '../api/server.ts';
import type { Config } from '../config.ts';
import { type Highwater, type OpenOptions, openHighwater } from './highwater.ts';
import { createLogger } from './logger.ts';
import { openStores } from './open-stores.ts';
import { listening } from './start-refused.ts';

/** A process that listens. */
export interface Serving {
  readonly server: Server;
  readonly refused: Promise<Error>;
  close(): Promise<void>;
}

export interface ServeOptions extends OpenOptions {
  /** Others than the defaults only in tests, which do not wait for half a minute. */
  readonly limits?: Partial<EdgeLimits>;
}

/**
 * Listens at once, so that /ready can say what is waited for, and resolves when GraphQL is served. Rejects as
 * openHighwater does.
 */
export async function serve(config: Config, options: ServeOptions = {}): Promise<Highwater & Serving> {
  const logger = options.logger ?? createLogger(config);
  let ready = async (): Promise<Readiness> => ({ ready: false, reason: 'waiting for the event store' });
  const { limits = {} } = options;
  const server = await listening(config, () => startServer({ ...config, logger, limits, ready: () => ready() }));
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
