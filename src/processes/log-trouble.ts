import type { Logger } from 'pino';
import { LogRefused, type LogUnavailable } from '../ports/event-log.ts';

/** Why the event store cannot be used, as the parts of a process meet it. */
export interface LogTrouble {
  /** A reason is one line of the log, however often and by whomever it is met, until the trouble is over. */
  met(error: LogUnavailable): void;
  /** The event store was used: from now on every reason is news. */
  over(): void;
  /** What was met last, if it is not over. */
  reason(): string | undefined;
  /** The same, only where waiting does not help. */
  refusal(): string | undefined;
}

/** What differs each time is not kept for ever. */
const maximumReasons = 20;

export function createLogTrouble(logger: Logger): LogTrouble {
  const told = new Set<string>();
  let last: LogUnavailable | undefined;
  return {
    met: (error) => {
      last = error;
      if (told.has(error.message)) return;
      if (told.size >= maximumReasons) told.clear();
      told.add(error.message);
      logger.warn({ reason: error.message }, 'waiting for the event store');
    },
    over: () => {
      told.clear();
      last = undefined;
    },
    reason: () => last?.message,
    refusal: () => (last instanceof LogRefused ? last.message : undefined),
  };
}
