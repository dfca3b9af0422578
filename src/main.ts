import { Command } from 'commander';
import { registerBuilds } from './cli/builds.ts';
import { registerDemo } from './cli/demo.ts';
import { registerEventStore } from './cli/eventstore.ts';
import { registerImport } from './cli/import.ts';
import { registerRebuild } from './cli/rebuild.ts';
import { registerServe } from './cli/serve.ts';
import { registerToken } from './cli/token.ts';
import { type Config, readConfig } from './config.ts';
import { openHighwater } from './processes/highwater.ts';
import { createLogger } from './processes/logger.ts';
import { openBuilds } from './processes/open-builds.ts';
import { openTokens } from './processes/open-tokens.ts';
import { rebuildReadModels } from './processes/rebuild-read-models.ts';
import { serve, serveProjector } from './processes/serve.ts';
import { serveEventStore } from './processes/serve-event-store.ts';

/** The `highwater` command. Each subcommand is handed what it needs, so that none of them knows a store. */
const program = new Command('highwater')
  .description('Event-sourced group chat with an exact, live count of readers for every message.')
  .version('0.1.0');

registerServe(program, { readConfig, serve, serveProjector, createLogger });
registerToken(program, { readConfig, openTokens });
registerImport(program, {
  open: async (overrides) => {
    const config = readConfig(process.env, overrides);
    const { services, close } = await openHighwater(config, { logger: createLogger({ logLevel: 'warn' }) });
    return { commands: services.commands, log: services.log, close };
  },
});
registerEventStore(program, { readConfig, serveEventStore, createLogger });
const open = (config: Config) => openBuilds(config, createLogger({ logLevel: 'warn' }));
registerRebuild(program, { readConfig, open, rebuild: rebuildReadModels });
registerBuilds(program, { readConfig, open });
registerDemo(program, { readConfig, serve, openHighwater, createLogger });

try {
  await program.parseAsync();
} catch (error) {
  // What a person can mend is told in a sentence; the rest is a defect and shows where it comes from.
  const known = error instanceof Error && error.name !== 'Error' && !error.name.endsWith('TypeError');
  process.stderr.write(
    `highwater: ${known ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
}
