import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Services } from '../../src/api/services.ts';
import { startApiInProcess } from '../api-in-process.ts';

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

export async function startRightsStage(wrap?: (services: Services) => Services): Promise<RightsStage> {
  // Who may see what is looked at here: on a busy machine, clients in the same thread answer no ping for long.
  const api = await startApiInProcess({ wrap, limits: { pingMilliseconds: 600_000 } });
  const { services } = api;
  let holder: DatabaseSync | undefined;

  function releaseProjector(): void {
    holder?.exec('ROLLBACK');
    holder?.close();
    holder = undefined;
  }

  return {
    url: api.url,
    services,
    holdProjector() {
      holder = new DatabaseSync(join(api.dataDirectory, 'read-models.db'), { timeout: 5_000 });
      holder.exec('BEGIN IMMEDIATE');
    },
    releaseProjector,
    async settle() {
      const end = await services.log.endPosition();
      while ((await services.freshness.atLeast(end)) !== undefined);
    },
    async close() {
      releaseProjector();
      await api.close();
    },
  };
}
