import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { EdgeLimits } from '../src/api/edge-limits.ts';
import { createTokens } from '../src/rights/tokens.ts';
import { ask } from './chat-load.ts';
import type { TortureOptions, TortureResult } from './row.ts';
import { type SlowServer, startSlowServer } from './slow/slow-server.ts';
import type { Order, WatchersOptions, WatchersReport } from './slow/watchers.ts';

/**
 * R8: some of many who watch a group stop to read while messages flow, over WebSocket and as events. Reached when the others
 * wait no longer than without them (99 of 100 deliveries, medians of interleaved runs, within a tenth), when the stalled ones
 * are closed within 30 s, those who read again with the code that means "resume", and when what is kept for them is bounded.
 * The control does not see what waits for a reader and cuts nobody off.
 */

export interface SlowSize extends Pick<WatchersOptions, 'watchers' | 'heavy' | 'textsOfHeavy' | 'streams'> {
  readonly messages: number;
  readonly messagesPerSecond: number;
  /** Empty for the product's own. */
  readonly limits: Partial<EdgeLimits>;
  /** A little more than two pings and the time that a close may take, and than a connection may stand still. */
  readonly socketsClosedWithinSeconds: number;
  readonly streamsClosedWithinSeconds: number;
  /** When half of the sockets read again: within the time that a close may take, whenever the ping was missed. */
  readonly comeBackAfterSeconds: number | undefined;
}

const secret = 'a secret that this row knows as well as its server';
const groupId = 'slow';
const addressOfHeavy = '127.0.0.9';
const senders = 20;
const resumeCode = 4410;
/** What the edge lets wait for one connection, and what a run may need besides. */
const bytesAHeavy = 8 * 1024 * 1024;
const bytesAWatcher = 150_000;
const bytesBesides = 320 * 1024 * 1024;
const patienceMilliseconds = 60_000;

export const longSize: SlowSize = {
  ...{ watchers: 2_000, heavy: 20, textsOfHeavy: 120, streams: 5, limits: {} },
  ...{ messages: 40, messagesPerSecond: 0.5, socketsClosedWithinSeconds: 30, streamsClosedWithinSeconds: 75 },
  comeBackAfterSeconds: undefined,
};
export const shortSize: SlowSize = {
  ...{ watchers: 60, heavy: 4, textsOfHeavy: 80, streams: 2 },
  limits: { pingMilliseconds: 3_000, closeMilliseconds: 4_000, stalledMilliseconds: 4_000 },
  ...{ messages: 40, messagesPerSecond: 10, socketsClosedWithinSeconds: 12, streamsClosedWithinSeconds: 20 },
  comeBackAfterSeconds: 6.5,
};

interface Outcome {
  readonly p99Milliseconds: number;
  readonly residentBytes: number;
  readonly problems: readonly string[];
}

export async function run({
  rounds,
  seed,
  log,
  ...more
}: TortureOptions & { size?: SlowSize }): Promise<TortureResult> {
  const begun = performance.now();
  const size = more.size ?? (rounds > 1 ? longSize : shortSize);
  const problems: string[] = [];
  const without: Outcome[] = [];
  const among: Outcome[] = [];
  const controlled = () => watchOnce(shortSize, { stall: true, closes: false });
  // A single round is not measured by: its runs and the control may as well disturb each other.
  const control = rounds === 1 ? controlled() : undefined;
  for (let round = 0; round < rounds; round += 1) {
    const calmOne = watchOnce(size, { stall: false, closes: true });
    if (rounds > 1) await calmOne;
    among.push(await watchOnce(size, { stall: true, closes: true }));
    without.push(await calmOne);
    const [calm, slow] = [without.at(-1), among.at(-1)];
    log(
      `  99 of 100 within ${calm?.p99Milliseconds.toFixed(1)} ms without, ${slow?.p99Milliseconds.toFixed(1)} ms among stalled ones; ` +
        `${mebibytes(calm)} and ${mebibytes(slow)} MiB resident at most`,
    );
  }
  problems.push(...[...without, ...among].flatMap((outcome) => outcome.problems));
  const ratio = median(among.map((one) => one.p99Milliseconds)) / median(without.map((one) => one.p99Milliseconds));
  log(`  the others wait ${ratio.toFixed(2)} times as long as without stalled ones`);
  // One pair of runs says nothing on a machine that others use.
  if (rounds > 2 && ratio > 1.1) problems.push(`the others wait ${ratio.toFixed(2)} times as long`);
  for (const problem of problems) log(`  failed: ${problem}`);
  const { problems: unclosed } = await (control ?? controlled());
  const seconds = Math.round((performance.now() - begun) / 100) / 10;
  return { runs: 2 * rounds, failures: problems.length, controlFailed: unclosed.length > 0, seed, seconds };
}

const mebibytes = (outcome: Outcome | undefined) => Math.round((outcome?.residentBytes ?? 0) / 1_048_576);
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

async function watchOnce(
  size: SlowSize,
  { stall, closes }: { readonly stall: boolean; readonly closes: boolean },
): Promise<Outcome> {
  const server = await startSlowServer(secret, { limits: size.limits, closes });
  const send = await openGroup(server, size.watchers);
  const load = await startWatchers(server, size);
  let residentBytes = 0;
  const sampling = setInterval(() => {
    residentBytes = Math.max(residentBytes, server.residentBytes());
  }, 250);
  try {
    await send(3);
    load.order('begin');
    const begun = performance.now();
    if (stall) load.order('stall');
    const closed = stall ? stalledAreClosed({ server, size, load, begun }) : Promise.resolve([]);
    await send(size.messages, size.messagesPerSecond);
    const problems = [...(await closed)];
    const { p99Milliseconds, delivered, lost } = await load.report();
    const expected = (size.watchers - size.heavy) * size.messages;
    if (lost > 0) problems.push(`${lost} who read were closed`);
    if (delivered !== expected) problems.push(`${delivered} of ${expected} messages were delivered to those who read`);
    const bound = bytesBesides + size.watchers * bytesAWatcher + (size.heavy + size.streams) * bytesAHeavy;
    if (residentBytes > bound) problems.push(`${residentBytes} bytes resident, where ${bound} are the bound`);
    return { p99Milliseconds, residentBytes, problems };
  } finally {
    clearInterval(sampling);
    load.stop();
    await server.stop();
  }
}

/** Sends so many messages, as evenly as their answers let it. */
type Send = (count: number, perSecond?: number) => Promise<void>;

async function openGroup(server: SlowServer, watchers: number): Promise<Send> {
  const tokens = createTokens(secret, Date.now);
  const access = { url: server.url, token: (userId: string) => tokens.issue({ userId }, 86_400) };
  const order = async (userId: string, mutation: string, type: string, input: object) => {
    const query = `mutation ($input: ${type}!) { ${mutation}(input: $input) { position } }`;
    const { errors } = await ask(access, userId, query, { input }, patienceMilliseconds);
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
  };
  const people = Array.from({ length: Math.min(watchers, 9_999) }, (_, index) => ({ userId: `watcher-${index}` }));
  await order('sender-0', 'createGroup', 'CreateGroupInput', { groupId, name: groupId, members: people });
  const others = Array.from({ length: senders - 1 }, (_, index) => ({ userId: `sender-${index + 1}` }));
  await order('sender-0', 'addMembers', 'AddMembersInput', { groupId, members: others });
  let sent = 0;
  return async (count, perSecond = 20) => {
    const begun = performance.now();
    const under = Array.from({ length: count }, async (_, index) => {
      await wait(Math.max(0, (index * 1_000) / perSecond - (performance.now() - begun)));
      sent += 1;
      const messageId = `at${(performance.timeOrigin + performance.now()).toFixed(3)}-${sent}`;
      const input = { groupId, messageId, text: 'x'.repeat(7_900) };
      await order(`sender-${sent % senders}`, 'sendMessage', 'SendMessageInput', input);
    });
    await Promise.all(under);
    // The last ones are on their way to those who watch.
    await wait(1_500);
  };
}

interface Load {
  order(order: Order): void;
  report(): Promise<WatchersReport>;
  stop(): void;
}

async function startWatchers(server: SlowServer, size: SlowSize): Promise<Load> {
  const { watchers, heavy, textsOfHeavy, streams } = size;
  const options: WatchersOptions = {
    ...{ port: Number(new URL(server.url).port), secret, groupId },
    ...{ watchers, heavy, textsOfHeavy, streams, addressOfHeavy },
  };
  const child: ChildProcess = fork(join(import.meta.dirname, 'slow', 'watchers.ts'), [JSON.stringify(options)]);
  await once(child, 'message');
  return {
    order: (order) => void child.send(order),
    async report() {
      const told = once(child, 'message');
      child.send('report' satisfies Order);
      return ((await told) as [WatchersReport])[0];
    },
    stop: () => child.disconnect(),
  };
}

interface Stalled {
  readonly server: SlowServer;
  readonly size: SlowSize;
  readonly load: Load;
  readonly begun: number;
}

/** Whether those who do not read are closed in time. Half of the sockets read again, and learn why. */
async function stalledAreClosed({ server, size, load, begun }: Stalled): Promise<readonly string[]> {
  const { streams, socketsClosedWithinSeconds, streamsClosedWithinSeconds, comeBackAfterSeconds } = size;
  const problems: string[] = [];
  const until = async (left: number, seconds: number): Promise<boolean> => {
    while (server.connectionsFrom(addressOfHeavy) > left) {
      if (performance.now() > begun + seconds * 1_000) return false;
      await wait(100);
    }
    return true;
  };
  if (comeBackAfterSeconds !== undefined) {
    await wait(comeBackAfterSeconds * 1_000);
    load.order('come back');
  }
  if (!(await until(streams, socketsClosedWithinSeconds))) {
    problems.push(`stalled sockets were open after ${socketsClosedWithinSeconds} s`);
  }
  if (!(await until(0, streamsClosedWithinSeconds))) {
    problems.push(`stalled streams of events were open after ${streamsClosedWithinSeconds} s`);
  }
  if (comeBackAfterSeconds === undefined) return problems;
  const { codes } = await load.report();
  const others = codes.filter((code) => code !== resumeCode);
  if (others.length > 0) problems.push(`who came back was closed with ${others.join(', ')}`);
  return problems;
}
