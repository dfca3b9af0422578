import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { Logger } from 'pino';
import type { Commands } from '../commands/commands.ts';
import type { Config, readConfig } from '../config.ts';
import { importIrc } from '../import/import-irc.ts';
import type { Tokens } from '../rights/tokens.ts';
import { enrol, readAtFullSpeed, readAtHumanPace, shownCounts } from './demo-crowd.ts';
import { startFleet } from './demo-fleet.ts';
import { endInOrder } from './end-in-order.ts';
import { type Counted, recount, untilProjected } from './recount.ts';

/** What the demonstration uses of a process. */
interface Services extends Counted {
  readonly commands: Commands;
  readonly tokens: Tokens;
  readonly now: () => number;
}

interface Opened {
  readonly services: Services;
  close(): Promise<void>;
}

type Open<Result> = (config: Config, options: { readonly logger: Logger }) => Promise<Result>;

export interface DemoDependencies {
  readonly readConfig: typeof readConfig;
  readonly serve: Open<Opened & { readonly server: { readonly url: string } }>;
  readonly openHighwater: Open<Opened>;
  readonly createLogger: (config: Pick<Config, 'logLevel'>) => Logger;
}

interface DemoOptions {
  readonly exit?: boolean;
  readonly readers: string;
  readonly import?: string[];
  readonly port?: string;
}

const sample = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'samples', 'ubuntu-irc');
const sampleFile = join(sample, '2006-06-01.txt');
const ownerId = 'irc-import';

/** What the demonstration runs on: where it is served, and services of this process on the same stores. */
interface Stage extends Opened {
  readonly urls: readonly string[];
  readonly groupId: string;
}

/**
 * `highwater demo`: a real conversation, and a crowd that reads it. Everything is embedded in a fresh data directory; with
 * the URLs of an event store and of MongoDB it is two API processes and a projector on these.
 */
export function registerDemo(program: Command, dependencies: DemoDependencies): void {
  program
    .command('demo')
    .description('import a real conversation, let a crowd read it, and show the counts')
    .option(
      '--exit',
      'at full speed, check every count against a naive recount of the log, print one line of JSON and end',
    )
    .option('--readers <number>', 'how large the crowd is', '10000')
    .option('--import <files...>', 'IRC logs instead of the sample')
    .option('--port <number>', 'the port to listen on; any free one with --exit')
    .action((options: DemoOptions) => demo(options, dependencies));
}

async function demo(options: DemoOptions, dependencies: DemoDependencies): Promise<void> {
  const startedAt = performance.now();
  const readers = Number(options.readers);
  if (!Number.isInteger(readers) || readers < 1 || readers > 100_000)
    throw new RangeError('--readers must be from 1 to 100,000');
  const stage = await setStage(options, dependencies);
  const { services, urls, groupId } = stage;
  const stopping = new AbortController();
  const stop = () => {
    stopping.abort();
    return stage.close();
  };
  if (!options.exit) endInOrder({ logger: dependencies.createLogger({ logLevel: 'warn' }), close: stop });
  try {
    const { tokens, now } = services;
    const crowd = { urls, tokens, now, groupId, ownerId, readers };
    // The audience of a message is fixed when it is sent: whoever is to read the conversation is enrolled before it.
    await enrol(crowd, '#ubuntu');
    say(`enrolled ${readers} readers`);
    const imported = await importSample(services, groupId, options.import ?? [sampleFile]);
    say(`imported ${imported.messages} messages`);
    await untilProjected(services, imported.position);
    if (!options.exit) {
      await showAround(stage);
      await readAtHumanPace(crowd, say, stopping.signal).catch((error: unknown) => {
        // A request that the closing server cut off is how it ends, not a fault.
        if (!stopping.signal.aborted) throw error;
      });
      return;
    }
    await readAtFullSpeed(crowd, say);
    const result = await recount(services, groupId, (atLeast) =>
      Promise.all(urls.map((url) => shownCounts(crowd, url, atLeast))),
    );
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
    process.stdout.write(`${JSON.stringify({ ...result, seconds })}\n`);
    process.exitCode = result.mismatches === 0 ? 0 : 1;
  } finally {
    if (options.exit) await stage.close();
  }
}

async function setStage(options: DemoOptions, dependencies: DemoDependencies): Promise<Stage> {
  const { readConfig, serve, openHighwater, createLogger } = dependencies;
  const data = await mkdtemp(join(tmpdir(), 'highwater-demo-'));
  const port = options.port ?? (options.exit ? '0' : undefined);
  const config = readConfig(process.env, { data, ...(port !== undefined && { port }) });
  const logger = createLogger({ logLevel: 'warn' });
  const removeData = () => rm(data, { recursive: true, force: true });
  if (config.eventStoreUrl === undefined || config.mongoUrl === undefined) {
    const { server, services, close } = await serve(config, { logger });
    return { services, urls: [server.url], groupId: 'ubuntu', close: () => close().then(removeData) };
  }
  const jwtSecret = config.jwtSecret ?? randomBytes(48).toString('base64url');
  const fleet = await startFleet(jwtSecret);
  const { services, close } = await openHighwater({ ...config, role: 'api', jwtSecret }, { logger });
  return {
    services,
    urls: fleet.urls,
    // The servers may hold an earlier demonstration.
    groupId: `ubuntu-${randomBytes(4).toString('hex')}`,
    async close() {
      await fleet.stop();
      await close();
      await removeData();
    },
  };
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

function importSample({ commands, log }: Services, groupId: string, files: readonly string[]) {
  return importIrc({
    commands,
    log,
    files,
    groupId,
    groupName: '#ubuntu',
    actorId: ownerId,
    onProgress: () => {},
    onProblem: ({ file, line, reason }) => say(`${file}:${line}: ${reason}`),
  });
}

async function showAround({ services, urls, groupId }: Stage): Promise<void> {
  const token = await services.tokens.issue({ userId: ownerId, name: 'Demo' }, 24 * 60 * 60);
  say('');
  for (const url of urls) say(`GraphiQL: ${url}/graphql`);
  say(`Headers:  {"authorization": "Bearer ${token}"}`);
  say(
    `Query:    { group(groupId: "${groupId}") { name memberCount timeline(last: 5) { edges { node { seq text readCount audienceCount } } } } }`,
  );
  say(`Live:     subscription { readCounts(groupId: "${groupId}") { asOf ranges { fromSeq toSeq readCount } } }`);
  say('Ctrl-C ends it.');
  say('');
}
