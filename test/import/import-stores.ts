import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteEventLog } from '../../src/adapters/sqlite/event-log.ts';
import { type Commands, type CommandsOptions, createCommands } from '../../src/commands/commands.ts';
import { type DecodedEvent, decodeEvent } from '../../src/events/codec.ts';
import type { StreamName } from '../../src/events/stream-name.ts';
import {
  type ImportIrcOptions,
  type ImportProblem,
  type ImportSummary,
  importIrc,
} from '../../src/import/import-irc.ts';
import { AppendUnknown, type EventLog, LogUnavailable, startOfLog } from '../../src/ports/event-log.ts';

/** Read models into which nothing has been projected: commands then stand on the log alone. */
const emptyReadModels: CommandsOptions['readModels'] = {
  checkpoint: async () => startOfLog,
  groups: async () => [],
  haltedGroups: async () => [],
  groupSnapshot: async () => undefined,
  messages: async () => [],
  acceptedCommands: async () => [],
  reactions: async () => [],
};

export interface ImportStores {
  readonly log: EventLog;
  readonly commands: Commands;
  /** Writes a log and returns its path. */
  file(name: string, content: string | Buffer): Promise<string>;
  run(
    files: readonly string[],
    options?: Partial<ImportIrcOptions>,
  ): Promise<{ readonly summary: ImportSummary; readonly problems: readonly ImportProblem[] }>;
  close(): Promise<void>;
}

/** A log of its own in a directory of its own. */
export async function openImportStores(): Promise<ImportStores> {
  const directory = await mkdtemp(join(tmpdir(), 'highwater-import-'));
  const log = await openSqliteEventLog({ file: join(directory, 'log.db') });
  const commands = createCommands({ log, readModels: emptyReadModels });
  return {
    log,
    commands,
    async file(name, content) {
      const path = join(directory, name);
      await writeFile(path, content);
      return path;
    },
    async run(files, options = {}) {
      const problems: ImportProblem[] = [];
      const onProblem = (problem: ImportProblem) => problems.push(problem);
      const summary = await importIrc({ commands, log, files, groupId: 'irc-test', onProblem, ...options });
      return { summary, problems };
    },
    async close() {
      await log.close();
      await rm(directory, { recursive: true });
    },
  };
}

/** A log of which one append fails, before or after it was stored. Whatever comes after it would succeed. */
export function failAt(log: EventLog, failing: number, stored: boolean): { log: EventLog; commands: Commands } {
  let appends = 0;
  const failingLog: EventLog = {
    ...log,
    async append(streamName, expectedVersion, events) {
      appends += 1;
      if (appends === failing && !stored) throw new LogUnavailable('by order of the test');
      const result = await log.append(streamName, expectedVersion, events);
      if (appends === failing) throw new AppendUnknown('by order of the test');
      return result;
    },
  };
  return { log: failingLog, commands: createCommands({ log: failingLog, readModels: emptyReadModels }) };
}

/** Fresh commands on the same log, as a new process has them. */
export const restarted = (log: EventLog): Commands => createCommands({ log, readModels: emptyReadModels });

export async function readEvents(log: EventLog, streamName: StreamName): Promise<readonly DecodedEvent[]> {
  return (await log.readStream(streamName, 0, 100_000)).map(decodeEvent);
}

/** What of two streams must be the same for them to tell the same story. */
export async function readStory(log: EventLog, streamName: StreamName): Promise<readonly unknown[]> {
  return (await log.readStream(streamName, 0, 100_000)).map(({ eventId, type, data, metadata, version }) => ({
    eventId,
    type,
    data,
    metadata,
    version,
  }));
}
