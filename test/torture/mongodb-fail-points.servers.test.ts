import { afterAll, beforeAll, expect, test } from 'vitest';
import { runFailPoints } from '../../torture/fail-points/run-fail-points.ts';
import { type MongoServer, startMongoServer } from '../servers/mongo-server.ts';

/** The half of R3 that is about the answers of a replica set: `npm run torture -- R3` is the long form. */
let mongo: MongoServer;
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
const log = (line: string) => console.info(line);

beforeAll(async () => {
  mongo = await startMongoServer('secantusdb');
  console.info(`MongoDB's commands fail with SEED=${seed}`);
});
afterAll(() => mongo.stop());

test('read models that are written while MongoDB fails are those of a clean copy, and of one moment meanwhile', async () => {
  expect(await runFailPoints({ mongoUrl: mongo.url, rounds: 6, seed, log })).toEqual([]);
});

test('it would be noticed where a batch that has failed is not written again', async () => {
  const problems = await runFailPoints({ mongoUrl: mongo.url, rounds: 2, seed, log, isRepeated: false });
  expect(problems).not.toEqual([]);
});
