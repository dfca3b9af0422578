import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { createTokens } from '../../src/rights/tokens.ts';
import { startProcess } from '../../test/cli/process.ts';
import { openDescriptors } from '../descriptors.ts';
import type { ProbeReport } from './health-probe.ts';

export interface Look {
  /** Memory that is held after everything that nobody uses was collected. */
  readonly heldBytes: number;
  /** The longest that the serving thread has computed without letting others go on, since the last look. */
  readonly longestTurnMilliseconds: number;
}

/** A real server that is watched from outside: what it holds, what it prints, and whether it still answers. */
export interface WatchedServer {
  readonly url: string;
  readonly authorization: string;
  hasEnded(): boolean;
  look(): Promise<Look>;
  descriptors(): Promise<number>;
  /** Waits until no more descriptors are open than given, for ten seconds; says how many are. */
  descriptorsDownTo(most: number): Promise<number>;
  /** Lines of standard error that are no JSON, or tell of something unexpected. */
  oddLines(): readonly string[];
  /** Begins to ask for health again and again in a thread of its own; returns what ends it. */
  probe(): () => Promise<ProbeReport>;
  stop(): Promise<void>;
}

const secret = 'a key of this torture and of nothing else';

/**
 * What the server's process does besides, so that it can be looked at: its memory once that has settled, and the most that
 * its serving thread has computed without a pause, which is what others wait for and no other process's load adds to.
 */
const measuring = (file: string): string => `
  import { renameSync, writeFileSync } from 'node:fs';
  const computed = () => { const { user, system } = process.threadCpuUsage(); return (user + system) / 1000; };
  let [longest, last] = [0, computed()];
  setInterval(() => {
    const now = computed();
    longest = Math.max(longest, now - last);
    last = now;
  }, 10).unref();
  process.on('SIGUSR2', () => {
    const longestTurnMilliseconds = longest;
    gc();
    setImmediate(() => {
      gc();
      const { heapUsed, external } = process.memoryUsage();
      writeFileSync('${file}.new', JSON.stringify({ heldBytes: heapUsed + external, longestTurnMilliseconds }));
      renameSync('${file}.new', '${file}');
      [longest, last] = [0, computed()];
    });
  });`;

/** Starts a server with a group \`g\`. \`spoilt\` is code that runs in its process first: what takes a cure out. */
export async function startWatchedServer(spoilt = ''): Promise<WatchedServer> {
  const directory = await mkdtemp(join(tmpdir(), 'highwater-malformed-'));
  const memoryFile = join(directory, 'memory.json');
  const load = (code: string) => ['--import', `data:text/javascript,${encodeURIComponent(code)}`];
  const server = await startProcess(
    ['serve', '--data', join(directory, 'data'), '--port', '0'],
    { HIGHWATER_JWT_SECRET: secret, HIGHWATER_LOG_LEVEL: 'info' },
    { node: ['--expose-gc', ...load(measuring(memoryFile)), ...load(spoilt)], readErrors: true },
  );
  const { url, child } = server;
  const authorization = `Bearer ${await createTokens(secret, Date.now).issue({ userId: 'ada' }, 24 * 60 * 60)}`;
  await createGroup(url, authorization);
  const descriptors = async () => openDescriptors(child.pid);

  return {
    url,
    authorization,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    async look() {
      await rm(memoryFile, { force: true });
      child.kill('SIGUSR2');
      for (;;) {
        const told = await readFile(memoryFile, 'utf8').catch(() => undefined);
        if (told !== undefined) return JSON.parse(told) as Look;
        await wait(20);
      }
    },
    descriptors,
    async descriptorsDownTo(most) {
      for (let turn = 0; turn < 500 && (await descriptors()) > most; turn += 1) await wait(20);
      return descriptors();
    },
    oddLines: () => server.errors().split('\n').filter(isOdd),
    probe() {
      const worker = new Worker(new URL('./health-probe.ts', import.meta.url), { workerData: { url, authorization } });
      const report = new Promise<ProbeReport>((resolve, reject) => {
        worker.once('message', resolve).once('error', reject);
      });
      return () => {
        worker.postMessage('stop');
        return report;
      };
    },
    async stop() {
      await server.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const warning = 40;

function isOdd(line: string): boolean {
  if (line === '') return false;
  try {
    return (JSON.parse(line) as { level: number }).level > warning;
  } catch {
    return true;
  }
}

async function createGroup(url: string, authorization: string): Promise<void> {
  const mutations = Array.from({ length: 50 }, (_, index) => {
    const input = `{ groupId: "g", messageId: "${index}", text: "text ${index}" }`;
    return `m${index}: sendMessage(input: ${input}) { position }`;
  });
  for (const query of [
    'mutation { createGroup(input: { groupId: "g", name: "g" }) { position } }',
    `mutation { ${mutations.join(' ')} }`,
  ]) {
    const headers = { 'content-type': 'application/json', authorization };
    const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) });
    const answer = await response.text();
    if (answer.includes('"errors"')) throw new Error(`the group could not be set up: ${answer.slice(0, 500)}`);
  }
}
