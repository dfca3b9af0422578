import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Services } from '../../src/api/services.ts';
import { createTokens, type Tokens } from '../../src/rights/tokens.ts';
import { startServerProcess } from '../../test/cli/process.ts';
import { startWireServer } from '../../test/servers/wire-server.ts';
import { startApiInProcess } from '../api-in-process.ts';

/** Two that serve, with read models of their own, on one log: what one is told, the other hears of through the log alone. */
export interface TwoProcesses {
  readonly urls: readonly [string, string];
  readonly tokens: Tokens;
  close(): Promise<void>;
}

const secret = 'a secret that both processes of this row know';

/** `real` are processes of the operating system. Where the control takes something out, both are in this one. */
export async function startTwoProcesses(
  options: { readonly real: boolean } | { readonly real: false; readonly wrap: (services: Services) => Services },
): Promise<TwoProcesses> {
  const wire = await startWireServer();
  const environment = {
    HIGHWATER_EVENTSTORE_URL: wire.url,
    HIGHWATER_JWT_SECRET: secret,
    HIGHWATER_RATE_LIMITS: 'off',
  };
  const start = async (): Promise<{ url: string; close(): Promise<void> }> => {
    if (!options.real) return startApiInProcess({ environment, wrap: 'wrap' in options ? options.wrap : undefined });
    const data = await mkdtemp(join(tmpdir(), 'highwater-revoked-'));
    const started = await startServerProcess(data, [], environment);
    const close = async () => {
      await started.kill();
      await rm(data, { recursive: true, force: true });
    };
    return { url: started.url, close };
  };
  const [first, second] = [await start(), await start()];
  return {
    urls: [first.url, second.url],
    tokens: createTokens(secret, Date.now),
    async close() {
      await first.close();
      await second.close();
      await wire.stop();
    },
  };
}
