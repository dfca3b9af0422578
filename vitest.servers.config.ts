import { defineConfig, type UserWorkspaceConfig } from 'vitest/config';
import { type ServersProject, serversProjects } from './test/servers/test-projects.ts';
import base from './vitest.config.ts';

const onEachMongo = ['test/servers/mongodb/*.servers.test.ts', 'test/outages/mongodb-*.servers.test.ts'];
/** These start a SecantusDB of their own. */
const onTheirOwn = ['test/servers/mongodb-*.servers.test.ts', 'test/torture/mongodb-*.servers.test.ts'];
/** Besides those of their own: the API's tests and the event log's contract once more, unchanged, on the servers. */
const ofLog = ['test/**/*.servers.test.ts', 'test/api/*.test.ts', 'test/adapters/eventstoredb/event-log.test.ts'];

function includedIn({ suites, mongoKind }: ServersProject): NonNullable<UserWorkspaceConfig['test']> {
  // One after the other: they share a log.
  if (suites === 'of the log') {
    return { include: ofLog, exclude: [...onEachMongo, ...onTheirOwn], maxWorkers: 1, sequence: { groupOrder: 0 } };
  }
  const include = mongoKind === 'ferretdb' ? onEachMongo : [...onEachMongo, ...onTheirOwn];
  return { include, exclude: [], sequence: { groupOrder: 1 } };
}

/** The tests that need servers: those that the environment names, or some of their own. See test/servers/global-setup.ts. */
export default defineConfig({
  ...base,
  test: {
    projects: serversProjects.map((project) => ({
      ...base,
      test: {
        ...base.test,
        name: project.name,
        ...includedIn(project),
        globalSetup: ['test/servers/global-setup.ts'],
        setupFiles: ['test/servers/use-servers.ts'],
        // A server on the same machine, for which every query is a round trip.
        testTimeout: 120_000,
        hookTimeout: 60_000,
      },
    })),
  },
});
