import type { Command } from 'commander';
import type { Logger } from 'pino';
import type { Config, readConfig } from '../config.ts';
import { endInOrder } from './end-in-order.ts';

interface Running {
  readonly server: { readonly url: string };
  /** Resolves when the process cannot go on as it is, with the reason. */
  readonly refused: Promise<Error>;
  close(): Promise<void>;
}

type Serve = (config: Config, options: { readonly signal: AbortSignal; readonly logger: Logger }) => Promise<Running>;

export interface ServeDependencies {
  readonly readConfig: typeof readConfig;
  readonly serve: Serve;
  readonly serveProjector: Serve;
  readonly createLogger: (config: Config) => Logger;
}

interface ServeOptions {
  readonly data?: string;
  readonly host?: string;
  readonly port?: string;
  readonly role?: string;
}

/** `highwater serve`: one process on stores that are kept, embedded or servers. */
export function registerServe(
  program: Command,
  { readConfig, serve, serveProjector, createLogger }: ServeDependencies,
): void {
  program
    .command('serve')
    .description('serve GraphQL over HTTP and WebSocket')
    .option('--data <directory>', 'where the log and the read models are kept (HIGHWATER_DATA, ./data)')
    .option('--host <address>', 'the address to listen on (HIGHWATER_HOST, 127.0.0.1)')
    .option('--port <number>', 'the port to listen on (HIGHWATER_PORT, 4000)')
    .option('--role <role>', 'api, projector or all: what this process does (HIGHWATER_ROLE, all)')
    .action(async (options: ServeOptions) => {
      const config = readConfig(process.env, options);
      const logger = createLogger(config);
      const waiting = new AbortController();
      const starting = (config.role === 'projector' ? serveProjector : serve)(config, {
        signal: waiting.signal,
        logger,
      });
      const end = endInOrder({
        logger,
        async close() {
          waiting.abort();
          const started = await starting.catch(() => undefined);
          await started?.close();
        },
      });
      const running = await starting.catch((error: unknown) => {
        // Told to end while it waited for a store.
        if (waiting.signal.aborted) return undefined;
        throw error;
      });
      if (running === undefined) return;
      if (config.role === 'projector') {
        process.stdout.write(`Highwater projects; ${running.server.url}/ready says how far\n`);
      } else {
        process.stdout.write(`Highwater serves ${running.server.url}/graphql (GraphiQL in a browser)\n`);
        process.stdout.write('A token: npx highwater token --user alice\n');
      }
      const reason = await running.refused;
      logger.fatal({ reason: reason.message }, 'this process cannot go on as it is, and ends');
      end(1);
    });
}
