import type { FastifyBaseLogger } from 'fastify';

/** Requests that are refused for what passes, or is told elsewhere: as long as it lasts, each of them may be. */
export interface RefusedRequests {
  /** A line of the log at the first, and then one in a minute that says how many there were since. */
  met(error: Error): void;
}

const repeatMilliseconds = 60_000;
/** What differs each time is not kept for ever. */
const maximumReasons = 20;

export function createRefusedRequests(logger: Pick<FastifyBaseLogger, 'warn'>, now: () => number): RefusedRequests {
  const told = new Map<string, { readonly at: number; since: number }>();
  return {
    met({ name, message }) {
      const reason = `${name}: ${message}`;
      const last = told.get(reason);
      if (last !== undefined && now() - last.at < repeatMilliseconds) {
        last.since += 1;
        return;
      }
      if (told.size >= maximumReasons) told.clear();
      told.set(reason, { at: now(), since: 0 });
      logger.warn({ reason, requests: (last?.since ?? 0) + 1 }, 'requests are refused');
    },
  };
}
