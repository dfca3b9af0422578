import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

/** `wrap` stands between the services and the API: a control takes a cure out there. */
export async function startApiInProcess(
  environment: NodeJS.ProcessEnv = {},
  wrap: (services: Services) => Services = (own) => own,
): Promise<ApiInProcess> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'highwater-torture-'));
  const logger = createLogger({ logLevel: 'silent' });
  const config = readConfig({ HIGHWATER_DATA: dataDirectory, HIGHWATER_PORT: '0', ...environment });
  const highwater = await openHighwater(config, { logger });
  const server = await startServer({ ...config, logger, ready: async () => ({ ready: true }) });
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
