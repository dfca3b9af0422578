import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { writeHistory } from '../../bench/history.ts';
import { readConfig } from '../../src/config.ts';
import { decodeEvent } from '../../src/events/codec.ts';
import { groupStream } from '../../src/events/stream-name.ts';
import { createLogger } from '../../src/processes/logger.ts';
import { type OpenBuilds, openBuilds } from '../../src/processes/open-builds.ts';
import { createTokens } from '../../src/rights/tokens.ts';
import { startProcess, startServerProcess } from '../../test/cli/process.ts';
import { type Access, ask } from '../chat-load.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const secret = 'a secret that this row knows as well as its server';
const smallGroups = 12;
const clientCount = 64;

/** A `highwater` command in a process of its own. */
export interface CommandProcess {
  readonly child: ChildProcess;
  /** Its exit code, null where a signal has ended it, and what it has printed. */
  readonly ended: Promise<{ readonly code: number | null; readonly output: string; readonly errors: string }>;
}

/** A server on a log of so many events, in which as many people as clients are in every group. */
export interface RebuildStage {
  readonly access: Access;
  readonly userIds: readonly string[];
  readonly groupIds: readonly string[];
  readonly dataDirectory: string;
  /** Undefined where the read models are files. */
  readonly mongoUrl: string | undefined;
  /** The log and the builds as this process sees them. */
  readonly opened: OpenBuilds;
  command(...args: readonly string[]): CommandProcess;
  /** Ids of all messages of all groups, in the order of the log. */
  messageIds(): Promise<ReadonlyMap<string, readonly string[]>>;
  stop(): Promise<void>;
}

export async function startRebuildStage(options: {
  readonly events: number;
  readonly clients?: number;
  readonly mongoUrl: string | undefined;
}): Promise<RebuildStage> {
  const { events, clients = clientCount } = options;
  const mongoUrl = options.mongoUrl === undefined ? undefined : ownDatabase(options.mongoUrl);
  const dataDirectory = await mkdtemp(join(tmpdir(), 'highwater-rebuild-'));
  writeHistory({
    ...{ file: join(dataDirectory, 'log.db'), events, largeGroup: clients },
    ...{ smallGroups, smallGroup: clients },
  });
  // With a MongoDB the log is behind EventStoreDB's protocol as well: the pair of servers.
  const eventStore =
    mongoUrl === undefined ? undefined : await startProcess(['eventstore', '--data', dataDirectory, '--port', '0'], {});
  const stores = { HIGHWATER_EVENTSTORE_URL: eventStore?.url, HIGHWATER_MONGODB_URL: mongoUrl };
  const environment = { HIGHWATER_DATA: dataDirectory, HIGHWATER_JWT_SECRET: secret, ...stores };
  const server = await startServerProcess(dataDirectory, [], environment);
  const tokens = createTokens(secret, Date.now);
  const issued = new Map<string, Promise<string>>();
  const access: Access = {
    url: server.url,
    token(userId) {
      const token = issued.get(userId) ?? tokens.issue({ userId }, 86_400);
      issued.set(userId, token);
      return token;
    },
  };
  await untilItAnswers(access);
  const opened = await openBuilds(readConfig(environment), createLogger({ logLevel: 'fatal' }));
  const groupIds = ['group-large', ...Array.from({ length: smallGroups }, (_, index) => `group-small-${index}`)];
  return {
    ...{ access, groupIds, dataDirectory, mongoUrl, opened },
    userIds: Array.from({ length: clients }, (_, index) => `user-${index}`),
    command: (...args) => startCommand(args, environment),
    async messageIds() {
      const ids = groupIds.map(async (groupId): Promise<[string, string[]]> => {
        const recorded = await opened.log.readStream(groupStream(groupId), 0, Number.MAX_SAFE_INTEGER);
        const sent = recorded.filter(({ type }) => type === 'MessageSent').map((one) => decodeEvent(one).event);
        return [groupId, sent.flatMap((event) => (event.type === 'MessageSent' ? [event.data.messageId] : []))];
      });
      return new Map(await Promise.all(ids));
    },
    async stop() {
      await opened.close();
      server.child.kill('SIGTERM');
      await server.ended;
      await eventStore?.kill();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}

function ownDatabase(mongoUrl: string): string {
  const url = new URL(mongoUrl);
  url.pathname = `/highwater-rebuild-${process.pid}-${Date.now()}`;
  return String(url);
}

function startCommand(args: readonly string[], environment: NodeJS.ProcessEnv): CommandProcess {
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...process.env, ...environment, HIGHWATER_LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed = { output: '', errors: '' };
  child.stdout.on('data', (chunk) => {
    printed.output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    printed.errors += chunk;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...printed }));
  return { child, ended };
}

/** The first build is filled before anything is answered from it. */
async function untilItAnswers(access: Access): Promise<void> {
  const inbox = '{ inbox { edges { node { group { groupId } } } } }';
  for (const deadline = performance.now() + 300_000; performance.now() < deadline; ) {
    const { errors } = await ask(access, 'user-0', inbox, {}, 60_000);
    if (errors === undefined) return;
    await wait(200);
  }
  throw new Error('the first build is not served after five minutes');
}
