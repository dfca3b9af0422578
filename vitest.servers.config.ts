import { defineConfig } from 'vitest/config';
import { projectNames } from './test/servers/test-projects.ts';
import base from './vitest.config.ts';

/** Of which every kind of server that stands in for MongoDB shows something else. */
const ofMongo = ['test/servers/mongodb/*.servers.test.ts', 'test/outages/mongodb-*.servers.test.ts'];
/** Besides those of their own: the API's tests and the event log's contract once more, unchanged, on the servers. */
const all = ['test/**/*.servers.test.ts', 'test/api/*.test.ts', 'test/adapters/eventstoredb/event-log.test.ts'];

/** The tests that need servers: those that the environment names, or some of their own. See test/servers/global-setup.ts. */
export default defineConfig({
  ...base,
  test: {
    // They share one log, and some look at its very end.
    fileParallelism: false,
    projects: projectNames.map((name, index) => ({
      ...base,
      test: {
        ...base.test,
        name,
        include: index === 0 ? all : ofMongo,
        exclude: [],
        globalSetup: ['test/servers/global-setup.ts'],
        setupFiles: ['test/servers/use-servers.ts'],
        // A server on the same machine, for which every query is a round trip.
        testTimeout: 120_000,
        hookTimeout: 60_000,
      },
    })),
  },
});
