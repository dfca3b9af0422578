import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { startServer } from '../../src/api/server.ts';
import type { Services } from '../../src/api/services.ts';
import { readConfig } from '../../src/config.ts';
import { openHighwater } from '../../src/processes/highwater.ts';
import { createLogger } from '../../src/processes/logger.ts';

/** A server on embedded stores whose projector can be held back. */
export interface RightsStage {
  readonly url: string;
  readonly services: Services;
  /** The projector writes nothing until it is released: another connection holds the read models' file. */
  holdProjector(): void;
  releaseProjector(): void;
  /** Resolves once queries show everything that the log holds. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** `wrap` stands between the services and the API: the control takes a cure out there. */
export async function startRightsStage(wrap: (services: Services) => Services = (own) => own): Promise<RightsStage> {
  const data = await mkdtemp(join(tmpdir(), 'highwater-rights-'));
  const logger = createLogger({ logLevel: 'silent' });
  const config = readConfig({ HIGHWATER_DATA: data, HIGHWATER_PORT: '0' });
  const highwater = await openHighwater(config, { logger });
  const { services } = highwater;
  const server = await startServer({ ...config, logger, ready: async () => ({ ready: true }) });
  server.open(wrap(services));
  let holder: DatabaseSync | undefined;

  function releaseProjector(): void {
    holder?.exec('ROLLBACK');
    holder?.close();
    holder = undefined;
  }

  return {
    url: server.url,
    services,
    holdProjector() {
      holder = new DatabaseSync(join(data, 'read-models.db'), { timeout: 5_000 });
      holder.exec('BEGIN IMMEDIATE');
    },
    releaseProjector,
    async settle() {
      const end = await services.log.endPosition();
      while ((await services.freshness.atLeast(end)) !== undefined);
    },
    async close() {
      releaseProjector();
      await server.close();
      await highwater.close();
      await rm(data, { recursive: true, force: true });
    },
  };
}
