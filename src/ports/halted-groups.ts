import { UndecodableEvent } from '../events/codec.ts';
import { type DecodedRecord, decodeRecorded } from '../events/decode-recorded.ts';
import { parseStreamName } from '../events/stream-name.ts';
import type { RecordedEvent } from './event-log.ts';
import { createListeners } from './listeners.ts';
import type { HaltedGroup } from './rows.ts';

/** The group is halted: nothing of it is decided, counted or shown. */
export class GroupHalted extends UndecodableEvent {
  readonly groupId: string;

  constructor({ groupId, reason }: HaltedGroup, options?: ErrorOptions) {
    super(`group ${groupId} is halted: ${reason}`, options);
    this.groupId = groupId;
  }
}

/** What has halted a group, for those who look into it: where it stands in the log, and what is wrong with it. */
export function haltReason(
  { streamName, version }: Pick<RecordedEvent, 'streamName' | 'version'>,
  error: unknown,
): string {
  const problem = error instanceof Error ? error.message : String(error);
  return `${streamName}${version < Number.MAX_SAFE_INTEGER ? `, version ${version}` : ''}: ${problem}`;
}

/**
 * Which groups are halted, as far as this process knows: the one place where that is asked, by commands, delivery and
 * counts. A group is whole or halted: an event that cannot be read, in any of its streams, halts all of it.
 */
export interface HaltedGroups {
  find(groupId: string): HaltedGroup | undefined;
  /** Throws GroupHalted where it is. */
  require(groupId: string): void;
  /**
   * Decodes an event of a stream of ours and hands it to what folds it. Whatever either throws halts the group, and is
   * thrown on as GroupHalted.
   */
  fold<Folded>(recorded: RecordedEvent, use: (decoded: DecodedRecord) => Folded): Folded;
  /** Halts the group, unless it is already. The answer is to be thrown. */
  halt(halted: HaltedGroup): GroupHalted;
  /**
   * What the read models say. Where `isComplete`, groups that they do not name go on, but for those that this process has
   * halted itself: it would meet the same event again.
   */
  learn(stored: readonly HaltedGroup[], isComplete: boolean): void;
  /** Calls back whenever a group is halted, with where and why, or goes on, until the returned function is called. */
  watch(listener: (groupId: string, halted: HaltedGroup | undefined) => void): () => void;
  count(): number;
}

/** `onDefect` is told what a listener throws: the others are called all the same. */
export function createHaltedGroups(onDefect: (error: unknown) => void = () => {}): HaltedGroups {
  const own = new Map<string, HaltedGroup>();
  let stored: ReadonlyMap<string, HaltedGroup> = new Map();
  const listeners = createListeners<[groupId: string, halted: HaltedGroup | undefined]>(onDefect);
  const find = (groupId: string): HaltedGroup | undefined => own.get(groupId) ?? stored.get(groupId);

  const tell = (groupId: string): void => listeners.tell(groupId, find(groupId));

  function halt(asked: HaltedGroup, cause?: unknown): GroupHalted {
    const { groupId } = asked;
    const standing = find(groupId);
    const halted = standing ?? asked;
    own.set(groupId, halted);
    if (standing === undefined) tell(groupId);
    return new GroupHalted(halted, { cause });
  }

  return {
    find,
    require(groupId) {
      const halted = find(groupId);
      if (halted !== undefined) throw new GroupHalted(halted);
    },
    fold(recorded, use) {
      try {
        return use(decodeRecorded(recorded));
      } catch (error) {
        if (error instanceof GroupHalted) throw error;
        const groupId = parseStreamName(recorded.streamName)?.groupId ?? recorded.streamName;
        throw halt({ groupId, position: recorded.position, reason: haltReason(recorded, error) }, error);
      }
    },
    halt: (asked) => halt(asked),
    learn(list, isComplete) {
      const before = stored;
      const named = new Map(list.map((halted) => [halted.groupId, halted]));
      stored = isComplete ? named : new Map([...before, ...named]);
      for (const groupId of named.keys()) if (!before.has(groupId) && !own.has(groupId)) tell(groupId);
      for (const groupId of before.keys()) if (find(groupId) === undefined) tell(groupId);
    },
    watch: listeners.add,
    count: () => new Set([...own.keys(), ...stored.keys()]).size,
  };
}
