import { type Logger, pino } from 'pino';
import type { Config } from '../config.ts';

/** Logs are lines of JSON on standard error, so that standard output is for answers. */
export function createLogger({ logLevel }: Pick<Config, 'logLevel'>): Logger {
  return pino({ level: logLevel }, pino.destination({ dest: 2, sync: true }));
}
