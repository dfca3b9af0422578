import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** The tests that need servers: those that the environment names, or some of their own. See test/servers/global-setup.ts. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    // Besides those of their own: the API's tests and the event log's contract once more, unchanged, on the servers.
    include: ['test/**/*.servers.test.ts', 'test/api/*.test.ts', 'test/adapters/eventstoredb/event-log.test.ts'],
    exclude: [],
    // They share one log, and some look at its very end.
    fileParallelism: false,
    globalSetup: ['test/servers/global-setup.ts'],
    // A server on the same machine, for which every query is a round trip.
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
