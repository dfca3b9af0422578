import { availableParallelism, loadavg } from 'node:os';
import { createRandom } from '../bench/random.ts';
import { attack, type Tally } from './malformed/attack.ts';
import { createDraw, type Draw } from './malformed/draw.ts';
import { startWatchedServer, type WatchedServer } from './malformed/watched-server.ts';
import type { TortureOptions, TortureResult } from './row.ts';

/**
 * R10: hostile bytes at a real process, over HTTP, WebSocket and raw connections that are left in every way. Reached when
 * the process lives, no answer is a 5xx, a healthy client is never kept waiting for over a second, memory and descriptors
 * come back, and standard error holds nothing but JSON lines that tell of nothing unexpected. The control has an upgrade's
 * target parsed where nothing catches, as it once was: then one such request ends the process.
 */

const longestSilenceMilliseconds = 1_000;
/** How many processes share a core: what a healthy client waits for another's turn is not the server's silence. */
const processesPerCore = () => Math.max(1, (loadavg()[0] ?? 1) / availableParallelism());
const mostGrowthBytes = 50 * 1024 * 1024;
const clients = 48;
/** What is allocated once (caches, pools, compiled code) is there before memory is looked at. */
const warmUpShare = 0.25;

const unguarded = `
  import { Server } from 'node:http';
  const { emit } = Server.prototype;
  Server.prototype.emit = function (event, request, ...rest) {
    if (event === 'upgrade') new URL(request.url, 'http://localhost');
    return emit.call(this, event, request, ...rest);
  };`;

export async function run({ rounds, seed, log }: TortureOptions): Promise<TortureResult> {
  const begun = performance.now();
  const draw = createDraw(createRandom(seed));
  const server = await startWatchedServer();
  const tally: Tally = { requests: 0, lingering: [], wrong: [] };
  const failures: string[] = [];
  try {
    failures.push(...(await attackAndWatch(server, draw, rounds, tally, log)));
  } finally {
    for (const socket of tally.lingering) socket.destroy();
    await server.stop();
  }
  for (const failure of failures) log(`  ${failure}`);
  const controlFailed = await endsUnguarded(createDraw(createRandom(seed)), log);
  const seconds = Math.round((performance.now() - begun) / 100) / 10;
  return { runs: tally.requests, failures: failures.length, controlFailed, seed, seconds };
}

/** Sends at least so many hostile requests from many clients at once. */
async function send(server: WatchedServer, draw: Draw, requests: number, tally: Tally): Promise<void> {
  const url = new URL(server.url);
  const until = tally.requests + requests;
  const client = async () => {
    while (tally.requests < until && !server.hasEnded()) await attack(url, draw, server, tally);
  };
  await Promise.all(Array.from({ length: clients }, client));
}

async function attackAndWatch(
  server: WatchedServer,
  draw: Draw,
  rounds: number,
  tally: Tally,
  log: (line: string) => void,
): Promise<readonly string[]> {
  const descriptorsBefore = await server.descriptors();
  await send(server, draw, rounds * warmUpShare, tally);
  if (server.hasEnded()) return [`the process has ended: ${server.oddLines().at(-1)}`];
  const before = await server.look();
  const stopProbing = server.probe();
  await send(server, draw, rounds * (1 - warmUpShare), tally);
  const { probes, longestMilliseconds, problems } = await stopProbing();
  if (server.hasEnded()) return [`the process has ended: ${server.oddLines().at(-1)}`];
  for (const socket of tally.lingering) socket.destroy();
  const descriptors = await server.descriptorsDownTo(descriptorsBefore);
  const { heldBytes, longestTurnMilliseconds } = await server.look();
  const grown = heldBytes - before.heldBytes;
  log(
    `  ${tally.requests} requests; ${probes} healthy ones in between, the slowest in ${longestMilliseconds} ms, ` +
      `the longest turn ${Math.round(longestTurnMilliseconds)} ms; ` +
      `${Math.round(grown / 1024)} KiB more are held; ${descriptors} of ${descriptorsBefore} descriptors are open`,
  );
  const failures = [...tally.wrong, ...problems.map((problem) => `a healthy client was told ${problem}`)];
  failures.push(...server.oddLines().map((line) => `standard error holds ${line.slice(0, 1_000)}`));
  if (longestTurnMilliseconds > longestSilenceMilliseconds) failures.push(`a turn of ${longestTurnMilliseconds} ms`);
  if (longestMilliseconds > longestSilenceMilliseconds * processesPerCore()) {
    failures.push(`silence for ${longestMilliseconds} ms`);
  }
  if (grown > mostGrowthBytes) failures.push(`${grown} bytes more are held`);
  if (descriptors > descriptorsBefore) failures.push(`${descriptors - descriptorsBefore} descriptors are left open`);
  return failures;
}

const controlRequests = 3_000;
/** Whether a reset meets a socket without a listener is a matter of moments: so often, until one does. */
const controlAttempts = 6;

async function endsUnguarded(draw: Draw, log: (line: string) => void): Promise<boolean> {
  const server = await startWatchedServer(unguarded);
  const tally: Tally = { requests: 0, lingering: [], wrong: [] };
  try {
    const hasEnded = (): boolean => server.oddLines().some((line) => line.includes('nobody caught'));
    for (let attempt = 0; attempt < controlAttempts && !hasEnded(); attempt += 1) {
      await send(server, draw, controlRequests, tally);
    }
    const ends = hasEnded();
    log(`  unguarded: ${ends ? 'ended' : 'lived'} after ${tally.requests} requests`);
    return ends;
  } finally {
    for (const socket of tally.lingering) socket.destroy();
    await server.stop();
  }
}
