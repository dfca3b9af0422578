import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createRandom } from '../bench/random.ts';
import { createTokens } from '../src/rights/tokens.ts';
import { ask } from './chat-load.ts';
import { endWithDeafClients } from './churn/deaf-clients.ts';
import type { Held } from './churn/server-process.ts';
import { type VisitTarget, visits } from './churn/visits.ts';
import type { TortureOptions, TortureResult } from './row.ts';

/**
 * R12: people come and go without a word at every stage of what they came for, and a server ends while deaf ones hold on to
 * it. Reached when it then holds what it held before: no listener, no descriptor, no memory; and when it ends within ten
 * seconds. The controls keep the listeners of those who have gone, and cut nobody off.
 */

const secret = 'a secret that this row knows as well as its server';
const visitsAtOnce = 20;
const segments = 8;
const patienceMilliseconds = 20_000;
/** Compiled code, caches that fill and the collector's own mind: what a run may hold more than another. */
const noiseBytes = 3 * 1024 * 1024;
const bytesAVisit = 128;

export async function run({ rounds, seed, log }: TortureOptions): Promise<TortureResult> {
  const begun = performance.now();
  const random = createRandom(seed);
  // In processes of their own. The controls keep the listeners of those who have gone, and cut nobody off.
  const [left, ended, kept, unmerciful] = await Promise.all([
    churn(rounds, random, log),
    endWithDeafClients({ unmerciful: false }),
    churn(80, createRandom(seed), () => {}, 'leak'),
    endWithDeafClients({ unmerciful: true }),
  ]);
  const problems = [...left, ...ended];
  for (const problem of problems) log(`  failed: ${problem}`);
  const controlFailed = kept.length > 0 && unmerciful.length > 0;
  const seconds = Math.round((performance.now() - begun) / 100) / 10;
  return { runs: rounds + 1, failures: problems.length, controlFailed, seed, seconds };
}

interface ChurnServer extends VisitTarget {
  held(): Promise<Held>;
  /** Something happens in the group. */
  stir(): Promise<void>;
  stop(): Promise<void>;
}

async function startChurnServer(args: readonly string[]): Promise<ChurnServer> {
  const child: ChildProcess = fork(join(import.meta.dirname, 'churn', 'server-process.ts'), [...args], {
    execArgv: ['--expose-gc'],
    // In tests libraries ping more often, and so notice earlier who has gone.
    env: { ...process.env, HIGHWATER_JWT_SECRET: secret, NODE_ENV: 'production' },
  });
  const [{ url }] = (await once(child, 'message')) as [{ url: string }];
  const token = await createTokens(secret, Date.now).issue({ userId: 'owner' }, 86_400);
  const groupId = 'churned';
  const order = async (mutation: string, type: string, input: object) => {
    const query = `mutation ($input: ${type}!) { ${mutation}(input: $input) { position } }`;
    const { errors } = await ask({ url, token: async () => token }, 'owner', query, { input }, patienceMilliseconds);
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
  };
  await order('createGroup', 'CreateGroupInput', { groupId, name: groupId });
  for (let index = 0; index < 20; index += 1) {
    await order('sendMessage', 'SendMessageInput', { groupId, messageId: `m${index}`, text: 'x'.repeat(1_000) });
  }
  let stirred = 0;
  return {
    ...{ port: Number(new URL(url).port), token, groupId },
    async held() {
      const told = once(child, 'message');
      child.send('held');
      return ((await told) as [Held])[0];
    },
    stir() {
      stirred += 1;
      const mutation = stirred % 2 === 1 ? 'addReaction' : 'removeReaction';
      return order(mutation, 'ReactionInput', { groupId, messageId: 'm19', emoji: '👍' });
    },
    async stop() {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

/** What is wrong after so many visits, the first of which let the server warm up. */
async function churn(
  count: number,
  random: () => number,
  log: (line: string) => void,
  ...args: readonly string[]
): Promise<readonly string[]> {
  const server = await startChurnServer(args);
  try {
    const before = await server.held();
    const each = Math.ceil(count / segments);
    const after: Held[] = [];
    for (let segment = 0; segment < segments; segment += 1) {
      await visitAll(server, each, random);
      after.push(await settled(server, before, segment === segments - 1 ? 8_000 : 1_000));
    }
    const [, warm = before] = after;
    const last = after.at(-1) ?? before;
    const grown = last.heapBytes - warm.heapBytes;
    const visited = each * (segments - 2);
    log(
      `  ${count} visits: ${Math.round(grown / visited)} bytes a visit over the last ${visited}, ` +
        `${Math.round(last.residentBytes / 1_048_576)} MiB resident, ${last.listeners} listeners, ` +
        `${last.descriptors - before.descriptors} descriptors more than before`,
    );
    return [
      ...(grown > noiseBytes + bytesAVisit * visited ? [`${grown} bytes more after ${visited} visits`] : []),
      ...(last.listeners > before.listeners ? [`${last.listeners} listeners are left`] : []),
      ...(last.descriptors > before.descriptors
        ? [`${last.descriptors - before.descriptors} descriptors are left`]
        : []),
    ];
  } finally {
    await server.stop();
  }
}

async function visitAll(server: ChurnServer, count: number, random: () => number): Promise<void> {
  const stages = Object.values(visits);
  let left = count;
  const visitor = async () => {
    for (; left > 0; left -= 1) await stages[Math.floor(random() * stages.length)]?.(server, random);
  };
  const all = Promise.all(Array.from({ length: visitsAtOnce }, visitor));
  let over = false;
  const done = all.then(() => {
    over = true;
  });
  while (!over) {
    await server.stir();
    await Promise.race([done, wait(50)]);
  }
}

/** What the server holds once what it was left with has ended, or when the time is over. */
async function settled(server: ChurnServer, before: Held, milliseconds: number): Promise<Held> {
  const deadline = performance.now() + milliseconds;
  for (;;) {
    const held = await server.held();
    const isBack = held.listeners <= before.listeners && held.descriptors <= before.descriptors;
    if (isBack || performance.now() > deadline) return held;
    await wait(100);
  }
}
