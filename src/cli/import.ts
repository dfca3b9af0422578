import type { Command } from 'commander';
import type { Commands } from '../commands/commands.ts';
import { type ImportSummary, importIrcFiles } from '../import/import-irc.ts';
import { channelOf, ImportRefused, type IrcFile, type IrcFileOptions, readIrcFile } from '../import/irc-file.ts';
import { ircForms } from '../import/irc-forms/irc-forms.ts';
import { createProgressDisplay } from '../import/progress.ts';
import type { EventLog } from '../ports/event-log.ts';

export interface ImportTarget {
  readonly commands: Pick<Commands, 'handleGroup' | 'newestGroup'>;
  readonly log: EventLog;
  close(): Promise<void>;
}

export interface ImportDependencies {
  readonly open: (overrides: { data?: string }) => Promise<ImportTarget>;
}

interface ImportOptions extends IrcFileOptions {
  readonly group?: string;
  readonly name?: string;
  readonly data?: string;
}

/** What shells report for a process that an interrupt has ended. */
const interruptedExitCode = 130;

const forms = ircForms.map(({ name }) => name).join(', ');

/** `highwater import irc FILE…` */
export function registerImport(program: Command, { open }: ImportDependencies): void {
  program
    .command('import')
    .description('bring conversations in from elsewhere')
    .command('irc')
    .description('import logs of an IRC channel; run again to resume')
    .argument('<files...>', 'logs of one channel, as its program has written them')
    .option('--group <id>', 'the group to import into (default: irc- and the name of the channel)')
    .option('--name <name>', 'what a new group is called (default: the channel)')
    .option('--format <program>', `what has written them, if it is not recognised: ${forms}`)
    .option('--timezone <zone>', 'where its clock stood, such as Europe/Berlin (default: UTC)')
    .option('--date <day>', 'the day, such as 2006-06-01, of files that tell none by their lines or their names')
    .option('--data <directory>', 'where the embedded stores keep their files')
    .action(async (paths: readonly string[], options: ImportOptions) => {
      const files: IrcFile[] = [];
      for (const path of paths) files.push(await readIrcFile(path, options));
      const { groupId, groupName } = chooseGroup(files, options);
      const target = await open(options.data === undefined ? {} : { data: options.data });
      try {
        await run(target, files, groupId, groupName);
      } finally {
        await target.close();
      }
    });
}

/** All files are of one channel, unless it is said which group they belong to. */
function chooseGroup(files: readonly IrcFile[], options: ImportOptions): { groupId: string; groupName: string } {
  const named = files.flatMap((file) => {
    const channel = channelOf(file);
    return channel === undefined ? [] : [{ file, channel }];
  });
  const [first] = named;
  const other = named.find(({ channel }) => channel !== first?.channel);
  if (options.group === undefined && first === undefined) {
    throw new ImportRefused('no file tells which channel it is of; name a group with --group');
  }
  if (options.group === undefined && first !== undefined && other !== undefined) {
    throw new ImportRefused(
      `${first.file.path} is of ${first.channel}, but ${other.file.path} of ${other.channel}: import them apart`,
    );
  }
  const groupId = options.group ?? `irc-${first?.channel.replace(/^#+/, '')}`;
  return { groupId, groupName: options.name ?? first?.channel ?? groupId };
}

async function run(
  { commands, log }: ImportTarget,
  files: readonly IrcFile[],
  groupId: string,
  groupName: string,
): Promise<void> {
  const interrupt = new AbortController();
  const onInterrupt = () => interrupt.abort();
  process.once('SIGINT', onInterrupt).once('SIGTERM', onInterrupt);
  const display = createProgressDisplay(process.stderr);
  try {
    const summary = await importIrcFiles(files, {
      commands,
      log,
      groupId,
      groupName,
      onProgress: display.progress,
      onProblem: display.problem,
      signal: interrupt.signal,
    });
    display.stop();
    process.stdout.write(`${describeSummary(groupId, summary)}\n`);
  } catch (error) {
    display.stop();
    if (!interrupt.signal.aborted) throw error;
    process.stderr.write('Interrupted. What was imported stands; run the same command again to go on.\n');
    process.exitCode = interruptedExitCode;
  } finally {
    process.off('SIGINT', onInterrupt).off('SIGTERM', onInterrupt);
  }
}

function describeSummary(groupId: string, summary: ImportSummary): string {
  const { files, skippedFiles, lines, messages, joins, leaves, renames, notices, problems, seconds } = summary;
  const before = skippedFiles > 0 ? ` (${skippedFiles} imported before)` : '';
  const rate = seconds > 0 ? Math.round(lines / seconds) : 0;
  return (
    `${groupId}: ${files} files${before}, ${lines} lines: ${messages} messages, ${joins} joins, ${leaves} leaves, ` +
    `${renames} renames, ${notices} notices, ${problems} problems; ${seconds.toFixed(1)} s, ${rate} lines/s`
  );
}
