import type { Command } from 'commander';
import type { Config, readConfig } from '../config.ts';
import { stopOnSignals } from './serve.ts';

export interface EventStoreDependencies {
  readonly readConfig: typeof readConfig;
  readonly serveEventStore: (config: Config) => Promise<{ readonly url: string; close(): Promise<void> }>;
}

/** `highwater eventstore`: a data directory's log, for every client that EventStoreDB has. */
export function registerEventStore(program: Command, { readConfig, serveEventStore }: EventStoreDependencies): void {
  program
    .command('eventstore')
    .description(
      "serve the embedded log over EventStoreDB's gRPC protocol, in plaintext and to anybody who can connect",
    )
    .option('--data <directory>', 'where the log is kept (HIGHWATER_DATA, ./data)')
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .option('--port <number>', 'the port to listen on', '2113')
    .action(async (options: { data?: string; host: string; port: string }) => {
      const running = await serveEventStore(readConfig(process.env, options));
      process.stdout.write(`EventStoreDB protocol at ${running.url}\n`);
      stopOnSignals(running);
    });
}
