import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** The tests that need servers: those that the environment names, or some of their own. See test/servers/global-setup.ts. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['test/**/*.servers.test.ts'],
    exclude: [],
    globalSetup: ['test/servers/global-setup.ts'],
    // A server on the same machine, for which every query is a round trip.
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
