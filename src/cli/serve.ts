import type { Command } from 'commander';
import type { Config, readConfig } from '../config.ts';

interface Running {
  readonly server: { readonly url: string };
  /** Resolves when the process cannot go on as it is, with the reason. */
  readonly refused: Promise<Error>;
  close(): Promise<void>;
}

type Serve = (config: Config, options: { readonly signal: AbortSignal }) => Promise<Running>;

export interface ServeDependencies {
  readonly readConfig: typeof readConfig;
  readonly serve: Serve;
  readonly serveProjector: Serve;
}

/** After this long a shutdown is given up: what was acknowledged is durable whatever happens. */
const shutdownMilliseconds = 10_000;

interface ServeOptions {
  readonly data?: string;
  readonly host?: string;
  readonly port?: string;
  readonly role?: string;
}

/** `highwater serve`: one process on stores that are kept, embedded or servers. */
export function registerServe(program: Command, { readConfig, serve, serveProjector }: ServeDependencies): void {
  program
    .command('serve')
    .description('serve GraphQL over HTTP and WebSocket')
    .option('--data <directory>', 'where the log and the read models are kept (HIGHWATER_DATA, ./data)')
    .option('--host <address>', 'the address to listen on (HIGHWATER_HOST, 127.0.0.1)')
    .option('--port <number>', 'the port to listen on (HIGHWATER_PORT, 4000)')
    .option('--role <role>', 'api, projector or all: what this process does (HIGHWATER_ROLE, all)')
    .action(async (options: ServeOptions) => {
      const config = readConfig(process.env, options);
      const waiting = new AbortController();
      const starting = (config.role === 'projector' ? serveProjector : serve)(config, waiting);
      stopOnSignals({
        async close() {
          waiting.abort();
          await starting.then((started) => started.close()).catch(() => {});
        },
      });
      const running = await starting;
      if (config.role === 'projector') {
        process.stdout.write(`Highwater projects; ${running.server.url}/ready says how far\n`);
      } else {
        process.stdout.write(`Highwater serves ${running.server.url}/graphql (GraphiQL in a browser)\n`);
        process.stdout.write('A token: npx highwater token --user alice\n');
      }
      const reason = await running.refused;
      process.exitCode = 1;
      process.stderr.write(`highwater: ${reason.message}\n`);
      await running.close();
    });
}

/** Ends the process in order on SIGTERM and SIGINT, and within ten seconds in any case. */
export function stopOnSignals(running: { close(): Promise<void> }): void {
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), shutdownMilliseconds).unref();
    running.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
