import type { Command } from 'commander';
import { isWrittenId } from '../commands/written-text.ts';
import type { Config, readConfig } from '../config.ts';
import type { Tokens } from '../rights/tokens.ts';

export interface TokenDependencies {
  readonly readConfig: typeof readConfig;
  readonly openTokens: (config: Config) => Promise<Tokens>;
}

/** `highwater token`: a token for development, signed with the key that the server of the same data directory checks. */
export function registerToken(program: Command, { readConfig, openTokens }: TokenDependencies): void {
  program
    .command('token')
    .description('print a token for development')
    .requiredOption('--user <id>', 'the user id that the token names')
    .option('--name <name>', 'the user’s name')
    .option('--seconds <number>', 'how long it is valid', '86400')
    .option('--data <directory>', 'the data directory that holds the key (HIGHWATER_DATA, ./data)')
    .action(async (options: { user: string; name?: string; seconds: string; data?: string }, command: Command) => {
      const seconds = Number(options.seconds);
      // Some systems hand arguments on decomposed, and whoever types one does not see it.
      const userId = options.user.normalize('NFC');
      if (!isWrittenId(userId)) command.error('--user must be 1 to 128 characters that can be seen');
      if (!Number.isInteger(seconds) || seconds < 1) command.error('--seconds must be a whole number from 1 on');
      const config = readConfig(process.env, options.data === undefined ? {} : { data: options.data });
      const tokens = await openTokens(config);
      process.stdout.write(`${await tokens.issue({ userId, name: options.name }, seconds)}\n`);
    });
}
