import { defineConfig } from 'vitest/config';

export default defineConfig({
  // As Node itself resolves: vite's own conditions load a second copy of graphql, whose errors are none of the first's.
  ssr: { resolve: { conditions: ['module-sync', 'node'] } },
  test: {
    include: ['test/**/*.test.ts'],
    // Those need servers that a fresh machine lacks: see vitest.servers.config.ts.
    exclude: ['test/**/*.servers.test.ts'],
    // Processes, so that a test which loads a native module or starts workers of its own leaves the others alone.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
