import type { Commands } from '../commands/commands.ts';
import type { GroupEvent } from '../events/event.ts';
import { deriveId } from '../events/event-id.ts';
import { type EventLog, type Position, startOfLog } from '../ports/event-log.ts';
import { type CommandBatches, createCommandBatches } from './command-batches.ts';
import { describeRefusal } from './describe-refusal.ts';
import { appendFileImported, type ImportsState, readImports, replayGroup } from './imported-so-far.ts';
import { ImportRefused, type IrcFile, type IrcFileOptions, parseIrcFile, readIrcFile } from './irc-file.ts';
import { createIrcPeople, type IrcPeople } from './irc-people.ts';
import { lineCommands } from './line-commands.ts';

/** A line that was not imported, and why. */
export interface ImportProblem {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
}

export interface ImportProgress {
  readonly file: string;
  /** Lines gone through in this run, of all lines of the files that were not imported before. */
  readonly lines: number;
  readonly totalLines: number;
}

export interface ImportIrcOptions extends IrcFileOptions {
  readonly commands: Pick<Commands, 'handleGroup' | 'newestGroup'>;
  readonly log: EventLog;
  /** Paths of logs of one channel. See readIrcFile. */
  readonly files: readonly string[];
  readonly groupId: string;
  /** What a group that is created is called; its id unless given. */
  readonly groupName?: string | undefined;
  /** Who imports: created as the group's owner, or an owner or admin of the group that is there. */
  readonly actorId?: string | undefined;
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined;
  readonly onProblem?: ((problem: ImportProblem) => void) | undefined;
  /** Stops the import between two batches. What was imported stands, and the next run goes on from there. */
  readonly signal?: AbortSignal | undefined;
}

export type FileImportOptions = Omit<ImportIrcOptions, 'files' | keyof IrcFileOptions>;

/** What one run did. Messages, joins, leaves and renames are those that were appended to the log in it. */
export interface ImportSummary {
  readonly files: number;
  /** Files that had been imported before. */
  readonly skippedFiles: number;
  readonly lines: number;
  readonly messages: number;
  readonly joins: number;
  readonly leaves: number;
  readonly renames: number;
  /** Lines of the server, and blank ones: read and left out. */
  readonly notices: number;
  readonly problems: number;
  /** Everything appended, the group's creation and the records of finished files included. */
  readonly events: number;
  readonly seconds: number;
  /** The position of the last event appended; `startOfLog` when there was nothing to do. */
  readonly position: Position;
}

type Counts = { -readonly [Key in Exclude<keyof ImportSummary, 'seconds'>]: number };

interface Run {
  readonly options: FileImportOptions;
  readonly actorId: string;
  readonly counts: Counts;
  readonly people: IrcPeople;
  readonly batches: CommandBatches;
  readonly totalLines: number;
  imports: ImportsState;
}

/** What importIrcFiles does, for the files at these paths. Nothing is imported unless every one of them can be read. */
export async function importIrc(options: ImportIrcOptions): Promise<ImportSummary> {
  const files: IrcFile[] = [];
  for (const path of options.files) files.push(await readIrcFile(path, options));
  return importIrcFiles(files, options);
}

/**
 * Imports logs of one channel into one group, in the order of their first lines, by the same commands as everybody else's.
 *
 * A run that was stopped, by whatever, is resumed by running it again: files that are done are known by their bytes, and
 * of a file that is half done the log of events tells the last line that is in it. Running again after the end changes
 * nothing. A file whose bytes have changed is another file, and is imported again as a whole.
 *
 * Rejects with ImportRefused, LogUnavailable, AppendUnknown (run again: the log then tells), or the signal's reason.
 */
export async function importIrcFiles(given: readonly IrcFile[], options: FileImportOptions): Promise<ImportSummary> {
  const started = performance.now();
  const { log, groupId, actorId = 'irc-import' } = options;
  const counts: Counts = {
    files: 0,
    skippedFiles: 0,
    lines: 0,
    messages: 0,
    joins: 0,
    leaves: 0,
    renames: 0,
    notices: 0,
    problems: 0,
    events: 0,
    position: startOfLog,
  };
  const imports = await readImports(log, groupId);
  const bySha256 = new Map(
    given.filter(({ sha256 }) => !imports.sha256s.has(sha256)).map((file) => [file.sha256, file]),
  );
  const files = [...bySha256.values()].sort((a, b) => a.begin - b.begin || (a.name < b.name ? -1 : 1));
  counts.skippedFiles = given.length - files.length;

  const [first] = files;
  if (first !== undefined) {
    const people = createIrcPeople();
    const lastLineOf = await enterGroup(options, actorId, first, people, counts);
    const totalLines = files.reduce((sum, { lines }) => sum + lines.length, 0);
    const batches = createBatches(options, counts);
    const run: Run = { options, actorId, counts, people, batches, totalLines, imports };
    try {
      for (const file of files) await importFile(run, file, lastLineOf(file));
    } finally {
      await batches.stop();
    }
  }
  return { ...counts, seconds: (performance.now() - started) / 1_000 };
}

/** Creates the group, or learns from its stream who is there and how far the last run came. */
async function enterGroup(
  { commands, log, groupId, groupName }: FileImportOptions,
  actorId: string,
  first: IrcFile,
  people: IrcPeople,
  counts: Counts,
): Promise<(file: IrcFile) => number> {
  const { state } = await commands.newestGroup(groupId);
  if (!state.exists) {
    const created = await commands.handleGroup(groupId, {
      type: 'CreateGroup',
      commandId: deriveId('irc', 'create', groupId),
      actorId,
      at: beforeAll(first),
      isRetold: true,
      groupId,
      name: groupName ?? groupId,
      members: [],
    });
    if ('refused' in created) throw new ImportRefused(`cannot create ${groupId}: ${describeRefusal(created.refused)}`);
    counts.events += created.events.length;
    counts.position = created.position;
    return () => 0;
  }
  const actor = state.members.get(actorId);
  if (!actor?.active || actor.role === 'member') {
    throw new ImportRefused(`${actorId} is no owner or admin of ${groupId}, and so may not add people to it`);
  }
  return replayGroup(log, groupId, people.applyEvent);
}

/** Midnight before the first line, in UTC: the group is there before anything is said in it. */
const beforeAll = ({ begin }: IrcFile): string => `${new Date(begin).toISOString().slice(0, 10)}T00:00:00.000Z`;

function createBatches(options: FileImportOptions, counts: Counts): CommandBatches {
  const counted: Partial<Record<GroupEvent['type'], 'messages' | 'joins' | 'leaves' | 'renames'>> = {
    MessageSent: 'messages',
    MembersAdded: 'joins',
    MemberLeft: 'leaves',
    MemberRemoved: 'leaves',
    MemberRenamed: 'renames',
  };
  return createCommandBatches({
    commands: options.commands,
    groupId: options.groupId,
    onEvent: ({ type }) => {
      const key = counted[type];
      if (key !== undefined) counts[key] += 1;
      counts.events += 1;
    },
    onRefused: ({ file, line }, refusal) => {
      counts.problems += 1;
      options.onProblem?.({ file, line, reason: describeRefusal(refusal) });
    },
  });
}

/** How many lines are gone through between two looks at the signal and two reports of progress. */
const stepLines = 250;

async function importFile(run: Run, file: IrcFile, lastLine: number): Promise<void> {
  const { options, actorId, counts, people, batches, totalLines } = run;
  const parsed = parseIrcFile(file);
  const context = { file, parsed, people, actorId };
  let at = new Date(file.begin).toISOString();

  for (const [index, { line, at: moment }] of parsed.lines.entries()) {
    const number = index + 1;
    at = new Date(moment).toISOString();
    counts.lines += 1;
    if (number > lastLine) {
      const outcome = lineCommands(context, { number, line, at });
      if (outcome.kind === 'notice') counts.notices += 1;
      if (outcome.kind === 'problem') {
        counts.problems += 1;
        options.onProblem?.({ file: file.path, line: number, reason: outcome.reason });
      }
      if (outcome.kind === 'commands') {
        for (const command of outcome.commands) await batches.add({ file: file.path, line: number, command });
      }
    }
    if (number % stepLines === 0) {
      options.signal?.throwIfAborted();
      options.onProgress?.({ file: file.path, lines: counts.lines, totalLines });
    }
  }
  counts.position = Math.max(counts.position, await batches.flush());
  options.signal?.throwIfAborted();
  const finished = { groupId: options.groupId, file, actorId, at };
  const { imports, position } = await appendFileImported(options.log, run.imports, finished);
  run.imports = imports;
  if (position !== undefined) {
    counts.events += 1;
    counts.position = position;
  }
  counts.files += 1;
  options.onProgress?.({ file: file.path, lines: counts.lines, totalLines });
}
