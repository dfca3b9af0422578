import { type Logger, pino } from 'pino';
import type { Config } from '../config.ts';

/** Logs are lines of JSON on standard error, so that standard output is for answers. */
export function createLogger({ logLevel }: Pick<Config, 'logLevel'>): Logger {
  const destination = pino.destination({ dest: 2, sync: true });
  // Nobody reads it any more, or its disk is full: the line is lost, and the process goes on.
  destination.on('error', () => {});
  return pino({ level: logLevel }, destination);
}
