import type { Commands } from '../commands/commands.ts';
import type { GroupCommand } from '../commands/group.ts';
import type { Refusal } from '../commands/refusal.ts';
import type { GroupEvent } from '../events/event.ts';
import { type Position, startOfLog } from '../ports/event-log.ts';

/** A command with the line that it is about. */
export interface LineCommand {
  readonly file: string;
  readonly line: number;
  readonly command: GroupCommand;
}

export interface CommandBatchesOptions {
  readonly commands: Pick<Commands, 'handleGroup'>;
  readonly groupId: string;
  readonly onEvent: (event: GroupEvent) => void;
  readonly onRefused: (about: LineCommand, refusal: Refusal) => void;
}

export interface CommandBatches {
  /** Takes the next command. Resolves at once, or after the batch before this one where a batch has become full. */
  add(command: LineCommand): Promise<void>;
  /** Resolves once everything that was taken is durable. Then returns the position of the last event, if any. */
  flush(): Promise<Position>;
  /** Forgets what was not handed in. Resolves once nothing is under way any more, however it ended. */
  stop(): Promise<void>;
}

/** Half of what the command handler decides together, so that a few commands of others do not divide a batch. */
const batchSize = 500;

/**
 * Hands commands in by batches, each of which the command handler decides and appends together. While a batch is on its
 * way to the disk the next one is made, but it is not handed in before: a batch that fails must be the last, because an
 * import that goes on after a gap could not tell later where the gap was. `add` and `flush` reject with its error.
 */
export function createCommandBatches(options: CommandBatchesOptions): CommandBatches {
  let batch: LineCommand[] = [];
  let underWay: Promise<void> = Promise.resolve();
  let position = startOfLog;

  async function hand(): Promise<void> {
    const full = batch;
    batch = [];
    await underWay;
    underWay = commit(full);
    // Whoever adds or flushes next meets the rejection; meanwhile it is nobody's.
    underWay.catch(() => undefined);
  }

  async function commit(all: readonly LineCommand[]): Promise<void> {
    const { commands, groupId, onEvent, onRefused } = options;
    const answered = all.map(async (about) => ({ about, handled: await commands.handleGroup(groupId, about.command) }));
    for (const { about, handled } of await Promise.all(answered)) {
      if ('refused' in handled) {
        onRefused(about, handled.refused);
        continue;
      }
      for (const { event } of handled.events) onEvent(event);
      if (handled.events.length > 0) position = handled.position;
    }
  }

  return {
    async add(command) {
      batch.push(command);
      if (batch.length >= batchSize) await hand();
    },
    async flush() {
      if (batch.length > 0) await hand();
      await underWay;
      return position;
    },
    async stop() {
      batch = [];
      await underWay.catch(() => undefined);
    },
  };
}
