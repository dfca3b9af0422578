import type { Command } from 'commander';
import type { Config, readConfig } from '../config.ts';

interface Running {
  readonly server: { readonly url: string };
  close(): Promise<void>;
}

export interface ServeDependencies {
  readonly readConfig: typeof readConfig;
  readonly serve: (config: Config) => Promise<Running>;
}

/** After this long a shutdown is given up: what was acknowledged is durable whatever happens. */
const shutdownMilliseconds = 10_000;

/** `highwater serve`: the server on a data directory that is kept. */
export function registerServe(program: Command, { readConfig, serve }: ServeDependencies): void {
  program
    .command('serve')
    .description('serve GraphQL over HTTP and WebSocket')
    .option('--data <directory>', 'where the log and the read models are kept (HIGHWATER_DATA, ./data)')
    .option('--host <address>', 'the address to listen on (HIGHWATER_HOST, 127.0.0.1)')
    .option('--port <number>', 'the port to listen on (HIGHWATER_PORT, 4000)')
    .action(async (options: { data?: string; host?: string; port?: string }) => {
      const running = await serve(readConfig(process.env, options));
      process.stdout.write(`Highwater serves ${running.server.url}/graphql (GraphiQL in a browser)\n`);
      process.stdout.write('A token: npx highwater token --user alice\n');
      stopOnSignals(running);
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
