import { expect, test } from 'vitest';
import { createBuildCheck } from '../../../src/adapters/mongodb/build-check.ts';
import type { Connection } from '../../../src/adapters/mongodb/connection.ts';
import { collectionNamesOf } from '../../../src/adapters/mongodb/documents.ts';
import { BuildGone } from '../../../src/ports/read-model-builds.ts';

/** A server that answers each look when the test says so, as things are at that moment. */
function createServer() {
  const build = 'v4-000000000000';
  const server = { isThere: true, looks: [] as (() => void)[] };
  const look = () =>
    new Promise<object | null>((resolve) => {
      server.looks.push(() => resolve(server.isThere ? {} : null));
    });
  const connection = {
    ...{ build, readLimit: {}, run: (call: () => Promise<unknown>) => call() },
    collections: { builds: { findOne: look } },
    database: { listCollections: () => ({ toArray: async () => collectionNamesOf(build).map((name) => ({ name })) }) },
  };
  return { server, verify: createBuildCheck(connection as unknown as Connection) };
}

const turn = () => new Promise(setImmediate);

test('all who ask while a look is under way share the next, and none is answered by one that began before', async () => {
  const { server, verify } = createServer();
  const first = verify();
  await turn();
  expect(server.looks).toHaveLength(1);
  const others = Array.from({ length: 50 }, () => verify().catch((error: unknown) => error));
  await turn();
  expect(server.looks).toHaveLength(1);
  server.looks[0]?.();
  await first;
  server.isThere = false;
  await turn();
  expect(server.looks).toHaveLength(2);
  server.looks[1]?.();
  for (const answer of await Promise.all(others)) expect(answer).toBeInstanceOf(BuildGone);
  expect(server.looks).toHaveLength(2);
});

test('a look that fails is not the answer of those who asked meanwhile', async () => {
  const { server, verify } = createServer();
  server.isThere = false;
  const first = verify();
  await turn();
  const second = verify();
  server.looks[0]?.();
  await expect(first).rejects.toThrow(BuildGone);
  server.isThere = true;
  await turn();
  server.looks[1]?.();
  await second;
});
