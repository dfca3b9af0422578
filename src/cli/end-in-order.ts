import { format } from 'node:util';
import type { Logger } from 'pino';

export interface EndingOptions {
  readonly logger: Logger;
  /** Finishes what is under way and lets go of everything. Called once. */
  readonly close: () => Promise<void>;
}

/** Within ten seconds a process has ended, whatever hangs: what was acknowledged is durable in any case. */
const endMilliseconds = 9_500;

/**
 * How a process that goes on comes to its end, and the one place for what nobody else has caught: an uncaught exception or
 * rejection is one line of the log, then the end in order, with exit code 1. SIGTERM, SIGINT and SIGHUP (its terminal is
 * gone) end it in order with 0, and so does the end of the launcher. Returns what ends it for a reason of its own.
 */
export function endInOrder({ logger, close }: EndingOptions): (exitCode: 0 | 1) => void {
  let exitCode: 0 | 1 = 0;
  let ending = false;

  function end(code: 0 | 1): void {
    if (code > exitCode) exitCode = code;
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(1), endMilliseconds);
    close().then(
      () => process.exit(exitCode),
      (error: unknown) => {
        logger.error({ err: error }, 'this process could not be closed in order');
        process.exit(1);
      },
    );
  }

  logEverything(logger);
  process.on('uncaughtException', (error: unknown, origin) => {
    // Also during the end: it is told, and the end goes on.
    logger.fatal({ err: error, origin }, 'an error that nobody caught: this process ends');
    end(1);
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => end(0));
  // The channel to whoever has begun this process, where there is one: it ends with them, also when they are killed.
  process.once('disconnect', () => end(0));
  process.channel?.unref();
  return end;
}

/** Whatever a library or Node itself would print becomes a line of the log. Whoever reads it may go away meanwhile. */
function logEverything(logger: Logger): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  for (const level of ['error', 'warn'] as const) {
    console[level] = (...printed: readonly unknown[]) =>
      logger[level]({ printed: format(...printed) }, 'a library says');
  }
  // The only listener is Node's own, which prints.
  process.removeAllListeners('warning');
  process.on('warning', (warning) => logger.warn({ err: warning }, 'Node warns'));
}
