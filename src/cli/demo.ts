import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { Logger } from 'pino';
import type { Server } from '../api/server.ts';
import type { Services } from '../api/services.ts';
import type { Config, readConfig } from '../config.ts';
import { importIrc } from '../import/import-irc.ts';
import { enrol, readAtFullSpeed, readAtHumanPace } from './demo-crowd.ts';
import { recount, untilProjected } from './recount.ts';
import { stopOnSignals } from './serve.ts';

interface Running {
  readonly services: Services;
  readonly server: Server;
  close(): Promise<void>;
}

export interface DemoDependencies {
  readonly readConfig: typeof readConfig;
  readonly serve: (config: Config, logger: Logger) => Promise<Running>;
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
const groupId = 'ubuntu';
const ownerId = 'irc-import';

/** `highwater demo`: everything embedded in a fresh data directory, a real conversation, and a crowd that reads it. */
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

async function demo(options: DemoOptions, { readConfig, serve, createLogger }: DemoDependencies): Promise<void> {
  const startedAt = performance.now();
  const readers = Number(options.readers);
  if (!Number.isInteger(readers) || readers < 1 || readers > 100_000)
    throw new RangeError('--readers must be from 1 to 100,000');
  const data = await mkdtemp(join(tmpdir(), 'highwater-demo-'));
  const port = options.port ?? (options.exit ? '0' : undefined);
  const config = readConfig(process.env, { data, ...(port !== undefined && { port }) });
  const running = await serve(config, createLogger({ logLevel: 'warn' }));
  const close = async () => {
    await running.close();
    await rm(data, { recursive: true, force: true });
  };
  const stopping = new AbortController();
  const stop = () => {
    stopping.abort();
    return close();
  };
  if (!options.exit) stopOnSignals({ close: stop });
  try {
    const { tokens, now } = running.services;
    const crowd = { url: running.server.url, tokens, now, groupId, ownerId, readers };
    // The audience of a message is fixed when it is sent: whoever is to read the conversation is enrolled before it.
    await enrol(crowd, '#ubuntu');
    say(`enrolled ${readers} readers`);
    const imported = await importSample(running.services, options.import ?? [sampleFile]);
    say(`imported ${imported.messages} messages`);
    await untilProjected(running.services, imported.position);
    if (!options.exit) {
      await showAround(running);
      await readAtHumanPace(crowd, say, stopping.signal).catch((error: unknown) => {
        // A request that the closing server cut off is how it ends, not a fault.
        if (!stopping.signal.aborted) throw error;
      });
      return;
    }
    await readAtFullSpeed(crowd, say);
    const result = await recount(running.services, groupId);
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
    process.stdout.write(`${JSON.stringify({ ...result, seconds })}\n`);
    process.exitCode = result.mismatches === 0 ? 0 : 1;
  } finally {
    if (options.exit) await close();
  }
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

function importSample({ commands, log }: Services, files: readonly string[]) {
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

async function showAround({ services, server }: Running): Promise<void> {
  const token = await services.tokens.issue({ userId: ownerId, name: 'Demo' }, 24 * 60 * 60);
  say('');
  say(`GraphiQL: ${server.url}/graphql`);
  say(`Headers:  {"authorization": "Bearer ${token}"}`);
  say(
    `Query:    { group(id: "${groupId}") { name memberCount timeline(last: 5) { edges { node { seq text readCount audienceCount } } } } }`,
  );
  say(`Live:     subscription { readCounts(groupId: "${groupId}") { asOf ranges { fromSeq toSeq readCount } } }`);
  say('Ctrl-C ends it.');
  say('');
}
