import type { Command } from 'commander';
import type { Logger } from 'pino';
import type { Config, readConfig } from '../config.ts';
import { endInOrder } from './end-in-order.ts';

export interface EventStoreDependencies {
  readonly readConfig: typeof readConfig;
  readonly serveEventStore: (
    config: Config,
    logger: Logger,
  ) => Promise<{ readonly url: string; close(): Promise<void> }>;
  readonly createLogger: (config: Config) => Logger;
}

/** `highwater eventstore`: a data directory's log, for every client that EventStoreDB has. */
export function registerEventStore(
  program: Command,
  { readConfig, serveEventStore, createLogger }: EventStoreDependencies,
): void {
  program
    .command('eventstore')
    .description(
      "serve the embedded log over EventStoreDB's gRPC protocol, in plaintext and to anybody who can connect",
    )
    .option('--data <directory>', 'where the log is kept (HIGHWATER_DATA, ./data)')
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .option('--port <number>', 'the port to listen on', '2113')
    .action(async (options: { data?: string; host: string; port: string }) => {
      const config = readConfig(process.env, options);
      const logger = createLogger(config);
      const running = await serveEventStore(config, logger);
      endInOrder({ logger, close: () => running.close() });
      process.stdout.write(`EventStoreDB protocol at ${running.url}\n`);
    });
}
