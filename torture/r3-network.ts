import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createRandom } from '../bench/random.ts';
import { recount } from '../src/cli/recount.ts';
import { readConfig } from '../src/config.ts';
import { groupStream } from '../src/events/stream-name.ts';
import { createLogger } from '../src/processes/logger.ts';
import { serve } from '../src/processes/serve.ts';
import { startMongoServer } from '../test/servers/mongo-server.ts';
import { startWireServer } from '../test/servers/wire-server.ts';
import { ask, type Senders, startSenders, startWatcher, type Watcher } from './chat-load.ts';
import { type FailPoints, openFailPoints } from './fail-points/fail-points.ts';
import { runFailPoints } from './fail-points/run-fail-points.ts';
import { chooseFault, type Fault } from './network-faults.ts';
import { type NetworkProxy, startNetworkProxy } from './network-proxy.ts';
import type { TortureOptions, TortureResult } from './row.ts';
import { compareSent } from './sent-and-stored.ts';

/**
 * R3: proxies before the stores, and a MongoDB whose commands fail. Reached when no call hangs beyond its deadline,
 * everything has converged 30 s after healing, and each message is there once; and when the read models that are written
 * while commands fail are those of a clean copy after each round, and of one moment within it.
 */

/**
 * The longest that an answer may take: an append's deadline and the time in which it is settled by reading back, behind
 * another one of the same group.
 */
const patienceMilliseconds = 40_000;
const convergenceMilliseconds = 30_000;
const groupId = 'storm';
/** Of writing to a MongoDB whose commands fail, which takes a second or two each, for one of the others. */
const failPointRounds = 3;
const controlRounds = 2;

/**
 * The MongoDB is the one that HIGHWATER_MONGODB_URL names, or SecantusDB, which is installed. `onFiles`: without one, the
 * read models are a file, and only the event store's network fails.
 */
export async function run(options: TortureOptions, { onFiles = false } = {}): Promise<TortureResult> {
  const named = process.env['HIGHWATER_MONGODB_URL'];
  if (onFiles) return runOn(undefined, options);
  if (named !== undefined) return runOn(named, options);
  const mongo = await startMongoServer('secantusdb');
  try {
    return await runOn(mongo.url, options);
  } finally {
    await mongo.stop();
  }
}

async function runOn(mongoUrl: string | undefined, { rounds, seed, log }: TortureOptions): Promise<TortureResult> {
  log(mongoUrl === undefined ? 'the read models are a file' : 'the read models are on MongoDB');
  const startedAt = performance.now();
  const random = createRandom(seed);
  const failPoints = mongoUrl === undefined ? undefined : await openFailPoints(mongoUrl);
  const problems: string[] = [];
  await withStage({ mongoUrl, failPoints, freshIds: false, problems }, async (stage) => {
    for (let round = 0; round < rounds; round += 1) {
      const fault = stage.chooseFault(random);
      log(`round ${round + 1} of ${rounds}: ${fault.name}`);
      await fault.happen();
      const before = problems.length;
      await stage.expectConverged(problems);
      for (const problem of problems.slice(before)) log(`  ${problem}`);
    }
    await stage.finish(problems);
  });
  let controlFailed = await controlFails(log);
  if (mongoUrl !== undefined && failPoints !== undefined) {
    await failPoints.close();
    const onFailing = { mongoUrl, seed, log, rounds: failPointRounds * rounds };
    problems.push(...(await runFailPoints(onFailing)));
    log('control: what has failed is not written again');
    controlFailed &&= (await runFailPoints({ ...onFailing, rounds: controlRounds, isRepeated: false })).length > 0;
  }
  for (const problem of problems) log(`failed: ${problem}`);
  return {
    runs: rounds,
    failures: problems.length,
    controlFailed,
    seed,
    seconds: Math.round((performance.now() - startedAt) / 1_000),
  };
}

/** The cure taken out: a client whose repetitions carry new ids, while answers are lost after the commit. */
async function controlFails(log: (line: string) => void): Promise<boolean> {
  const problems: string[] = [];
  await withStage({ mongoUrl: undefined, failPoints: undefined, freshIds: true, problems }, async (stage) => {
    log('control: repetitions under new ids, while answers are lost');
    stage.eventStore.set('swallowAnswers');
    await wait(20_000);
    stage.eventStore.set('pass');
    await stage.finish(problems);
  });
  return problems.some((problem) => problem.includes('meant'));
}

interface Stage {
  readonly eventStore: NetworkProxy;
  chooseFault(random: () => number): Fault;
  /** A message that is sent now is acknowledged, watched and projected in time. */
  expectConverged(problems: string[]): Promise<void>;
  /** Ends the load and looks at everything that was sent. */
  finish(problems: string[]): Promise<void>;
}

async function withStage(
  options: {
    mongoUrl: string | undefined;
    failPoints: FailPoints | undefined;
    freshIds: boolean;
    problems: string[];
  },
  act: (stage: Stage) => Promise<void>,
): Promise<void> {
  const { mongoUrl, failPoints, freshIds, problems } = options;
  const wire = await startWireServer();
  const data = await mkdtemp(join(tmpdir(), 'highwater-storm-'));
  const eventStore = await startNetworkProxy(wire.port);
  const mongo = mongoUrl === undefined ? undefined : await proxied(mongoUrl);
  const config = readConfig({
    HIGHWATER_DATA: data,
    HIGHWATER_PORT: '0',
    HIGHWATER_RATE_LIMITS: 'off',
    HIGHWATER_EVENTSTORE_URL: `esdb://127.0.0.1:${eventStore.port}?tls=false`,
    HIGHWATER_MONGODB_URL: mongo?.url,
  });
  const running = await serve(config, { logger: createLogger({ logLevel: 'silent' }) });
  const { services, server } = running;
  const access = { url: server.url, token: (userId: string) => services.tokens.issue({ userId }, 86_400) };
  const userIds = Array.from({ length: 8 }, (_, index) => `sender-${index}`);
  const created = await ask(
    access,
    'owner',
    'mutation ($input: CreateGroupInput!) { createGroup(input: $input) { position } }',
    { input: { groupId, name: 'Storm', members: userIds.map((userId) => ({ userId })) } },
    patienceMilliseconds,
  );
  if (created.errors !== undefined) throw new Error(JSON.stringify(created.errors));
  const onHung = (what: string) => void problems.push(`no answer in ${patienceMilliseconds} ms: ${what}`);
  const senders = startSenders({ access, groupId, userIds, patienceMilliseconds, freshIds, onHung });
  const watcher = startWatcher(access, 'owner', groupId, 1);

  /** Resolves once the read models and the live counts hold what the log holds now. */
  async function caughtUp(): Promise<void> {
    await services.freshness.atLeast(await wire.log.endPosition());
  }

  try {
    await act({
      eventStore,
      chooseFault: (random) => chooseFault(random, eventStore, mongo && { proxy: mongo.proxy, failPoints }),
      async expectConverged(found) {
        const deadline = performance.now() + convergenceMilliseconds;
        const acknowledged = senders.acknowledged.size;
        const isConverged = async () => {
          if (senders.acknowledged.size < acknowledged + userIds.length) return false;
          return caughtUp().then(
            () => true,
            () => false,
          );
        };
        while (!(await isConverged())) {
          if (performance.now() > deadline) return void found.push('not converged 30 s after healing');
          await wait(200);
        }
      },
      async finish(found) {
        await senders.stop();
        found.push(...(await compare(wire.log, senders, watcher)));
        const { mismatches } = await recount(services, groupId, async () => []);
        if (mismatches > 0) found.push(`${mismatches} counts differ from a recount of the log`);
      },
    });
  } finally {
    await senders.stop();
    await watcher.stop();
    await running.close();
    await mongo?.proxy.stop();
    await eventStore.stop();
    await wire.stop();
    await rm(data, { recursive: true, force: true });
  }
}

/** What the log, the acknowledgements and the watcher say must be the same story. */
async function compare(
  log: Awaited<ReturnType<typeof startWireServer>>['log'],
  senders: Senders,
  watcher: Watcher,
): Promise<string[]> {
  const problems = await compareSent(log, groupId, senders);
  const [last] = await log.readStreamBackwards(groupStream(groupId), undefined, 1);
  const newest = last?.version ?? -1;
  const deadline = performance.now() + convergenceMilliseconds;
  while (watcher.versions.at(-1) !== newest && performance.now() < deadline) await wait(100);
  if (watcher.versions.at(-1) !== newest) problems.push(`the watcher is at ${watcher.versions.at(-1)} of ${newest}`);
  if (watcher.versions.some((version, index) => version !== index + 2))
    problems.push('the watcher saw a gap or a repeat');
  return problems;
}

async function proxied(mongoUrl: string): Promise<{ proxy: NetworkProxy; url: string }> {
  const url = new URL(mongoUrl);
  const proxy = await startNetworkProxy(Number(url.port || 27_017));
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  url.pathname = `/highwater-storm-${process.pid}`;
  return { proxy, url: String(url) };
}
