import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createRandom } from '../bench/random.ts';
import { recount } from '../src/cli/recount.ts';
import { readConfig } from '../src/config.ts';
import { openHighwater } from '../src/processes/highwater.ts';
import { createLogger } from '../src/processes/logger.ts';
import { createTokens } from '../src/rights/tokens.ts';
import { type ServerProcess, startServerProcess } from '../test/cli/process.ts';
import { ask, type Senders, startSenders } from './chat-load.ts';
import type { TortureOptions, TortureResult } from './row.ts';
import { compareSent } from './sent-and-stored.ts';

/**
 * R1: kill -9 at random moments while eight people send and mark; the log's writer and the projector are threads of the
 * process and die with it. Reached when every acknowledged message is there, each once, and every count is that of a
 * recount of the log.
 */

const groupId = 'killed';
const userIds = Array.from({ length: 8 }, (_, index) => `sender-${index}`);
const patienceMilliseconds = 20_000;
/** From its first acknowledged message on, a process lives for at most so long. */
const longestLifeMilliseconds = 600;
/** The control has so many rounds at a time, and ends once one of them shows what the cure is for. */
const controlRounds = 5;
const controlAttempts = 8;

export async function run({ rounds, seed, log }: TortureOptions): Promise<TortureResult> {
  const startedAt = performance.now();
  const problems = await killAgainAndAgain({ rounds, seed, log, freshIds: false });
  for (const problem of problems) log(`failed: ${problem}`);
  log('control: repetitions under new ids');
  let controlFailed = false;
  for (let attempt = 0; attempt < controlAttempts && !controlFailed; attempt += 1) {
    const ofThese = { rounds: controlRounds, seed: seed + attempt, log: () => {}, freshIds: true };
    controlFailed = (await killAgainAndAgain(ofThese)).some((problem) => problem.includes('meant'));
  }
  return {
    runs: rounds,
    failures: problems.length,
    controlFailed,
    seed,
    seconds: Math.round((performance.now() - startedAt) / 1_000),
  };
}

/** With `freshIds` the cure is taken out: what was not acknowledged is sent again as if it were new. */
async function killAgainAndAgain(options: TortureOptions & { readonly freshIds: boolean }): Promise<string[]> {
  const { rounds, seed, log, freshIds } = options;
  const random = createRandom(seed);
  const data = await mkdtemp(join(tmpdir(), 'highwater-killed-'));
  const problems: string[] = [];
  let server = await startServerProcess(data, [], { HIGHWATER_RATE_LIMITS: 'off' });
  const secret = await readFile(join(data, 'jwt-secret'), 'utf8');
  const tokens = createTokens(secret, Date.now);
  const access = {
    /** Of the process that lives now. */
    get url() {
      return server.url;
    },
    token: (userId: string) => tokens.issue({ userId }, 86_400),
  };
  const created = await ask(
    access,
    'owner',
    'mutation ($input: CreateGroupInput!) { createGroup(input: $input) { position } }',
    { input: { groupId, name: 'Killed', members: userIds.map((userId) => ({ userId })) } },
    patienceMilliseconds,
  );
  if (created.errors !== undefined) throw new Error(JSON.stringify(created.errors));
  const onHung = (what: string) => void problems.push(`no answer in ${patienceMilliseconds} ms: ${what}`);
  const senders = startSenders({ access, groupId, userIds, patienceMilliseconds, freshIds, onHung });
  try {
    for (let round = 1; round <= rounds; round += 1) {
      await oneMore(senders, server);
      const life = Math.round(random() * longestLifeMilliseconds);
      await wait(life);
      await server.kill();
      log(`round ${round} of ${rounds}: killed ${life} ms after a message, ${senders.acknowledged.size} acknowledged`);
      server = await startServerProcess(data, [], { HIGHWATER_RATE_LIMITS: 'off' });
    }
    await senders.stop();
  } finally {
    await server.kill();
  }
  problems.push(...(await compare(data, senders)));
  await rm(data, { recursive: true, force: true });
  return problems;
}

/** Waits until one more message is acknowledged, so that a process is not only killed while it starts. */
async function oneMore(senders: Senders, server: ServerProcess): Promise<void> {
  const before = senders.acknowledged.size;
  while (senders.acknowledged.size === before) {
    if (server.child.exitCode !== null) throw new Error(`the server has ended by itself: ${server.child.exitCode}`);
    await wait(5);
  }
}

/** What the log, the acknowledgements, the read models and a recount say must be the same story. */
async function compare(dataDirectory: string, senders: Senders): Promise<string[]> {
  const logger = createLogger({ logLevel: 'silent' });
  const highwater = await openHighwater(readConfig({ HIGHWATER_DATA: dataDirectory }), { logger });
  try {
    const { log, freshness } = highwater.services;
    const problems = await compareSent(log, groupId, senders);
    const behind = await freshness.atLeast(await log.endPosition());
    if (behind !== undefined) problems.push('the read models do not reach the log’s end');
    const { mismatches } = await recount(highwater.services, groupId, async () => []);
    if (mismatches > 0) problems.push(`${mismatches} counts differ from a recount of the log`);
    return problems;
  } finally {
    await highwater.close();
  }
}
