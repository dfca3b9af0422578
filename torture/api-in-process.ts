import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EdgeLimits } from '../src/api/edge-limits.ts';
import { startServer } from '../src/api/server.ts';
import type { Services } from '../src/api/services.ts';
import { readConfig } from '../src/config.ts';
import { openHighwater } from '../src/processes/highwater.ts';
import { createLogger } from '../src/processes/logger.ts';

/** What a process that serves is made of, in this one: for what has to be looked at or changed from inside. */
export interface ApiInProcess {
  readonly url: string;
  readonly dataDirectory: string;
  readonly services: Services;
  close(): Promise<void>;
}

export interface ApiOptions {
  readonly environment?: NodeJS.ProcessEnv;
  /** Stands between the services and the API: a control takes a cure out there. */
  readonly wrap?: ((services: Services) => Services) | undefined;
  readonly limits?: Partial<EdgeLimits>;
}

export async function startApiInProcess(options: ApiOptions = {}): Promise<ApiInProcess> {
  const { environment = {}, wrap = (own: Services) => own, limits = {} } = options;
  const dataDirectory = await mkdtemp(join(tmpdir(), 'highwater-torture-'));
  const logger = createLogger({ logLevel: 'silent' });
  // Whoever tortures is many at once.
  const own = { HIGHWATER_DATA: dataDirectory, HIGHWATER_PORT: '0', HIGHWATER_RATE_LIMITS: 'off' };
  const config = readConfig({ ...own, ...environment });
  const highwater = await openHighwater(config, { logger });
  const server = await startServer({ ...config, logger, limits, ready: async () => ({ ready: true }) });
  server.open(wrap(highwater.services));
  return {
    url: server.url,
    dataDirectory,
    services: highwater.services,
    async close() {
      await server.close();
      await highwater.close();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}
