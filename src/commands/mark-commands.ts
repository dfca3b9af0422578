import type { ReadsEvent } from '../events/event.ts';
import { readsStream } from '../events/stream-name.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { GroupSnapshot } from '../ports/group-snapshots.ts';
import type { HaltedGroups } from '../ports/halted-groups.ts';
import type { ClockWatch } from './clock-watch.ts';
import { warmMarks } from './cold-start.ts';
import type { WaitingBounds } from './command-queues.ts';
import { countedMarks } from './counted-marks.ts';
import type { GroupState } from './group-state.ts';
import { createCommandHandler } from './handle-command.ts';
import { isInDoubt, type MarkReadUpTo, type MarksContext, type MarksState, markedUpTo, marksDecider } from './marks.ts';
import type { Handled } from './pending-command.ts';
import type { Refusal } from './refusal.ts';
import type { Loaded, WarmStreams } from './warm-state.ts';
import { createWarmStreams } from './warm-streams.ts';

type Accepted = Exclude<Handled<MarksState, ReadsEvent, MarksContext>, { readonly refused: Refusal }>;

/** With how far the actor has read now, whether by this mark, by another, or by a message of their own. */
export type HandledMark = { readonly refused: Refusal } | (Accepted & { readonly markedUpTo: number });

export interface MarkCommandsOptions {
  readonly log: EventLog;
  readonly halted: HaltedGroups;
  readonly groups: WarmStreams<GroupState>;
  readonly snapshot: (groupId: string) => Promise<GroupSnapshot | undefined>;
  readonly capacityBytes: number;
  readonly waiting: WaitingBounds | undefined;
  readonly watchClock: ClockWatch;
}

export interface MarkCommands {
  readonly marks: WarmStreams<MarksState>;
  /** See createCommandHandler for order, durability and errors. */
  handle(groupId: string, command: MarkReadUpTo): Promise<HandledMark>;
}

/** So often, the marks of those who were gone are counted anew before one is decided on. */
const maximumAttempts = 3;

export function createMarkCommands(options: MarkCommandsOptions): MarkCommands {
  const { log, halted, groups, snapshot, capacityBytes, waiting, watchClock } = options;
  /** Groups whose marks are to be loaded as they counted. */
  const inDoubt = new Set<string>();
  const marks = createWarmStreams<MarksState>({
    log,
    halted,
    streamName: readsStream,
    evolve: (state, { event, metadata }, position) =>
      marksDecider.evolve(state, event as ReadsEvent, { metadata, position }),
    snapshot: async (groupId) => {
      const start = await snapshot(groupId);
      return inDoubt.has(groupId) ? countedMarks(log, halted, groupId, start) : warmMarks(start);
    },
    weigh: ({ byteLength }) => byteLength,
    capacityBytes,
  });

  async function load(groupId: string, commands: readonly MarkReadUpTo[]): Promise<MarksContext> {
    const isNewsTo = (state: GroupState, loaded: Loaded<MarksState> | undefined) =>
      commands.some(({ upTo, actorId }) => {
        const isDoubtful = loaded !== undefined && isInDoubt(loaded.state, state, actorId);
        return isDoubtful || upTo > state.lastSeq || !state.members.get(actorId)?.active;
      });
    const warm = await groups.warm(groupId);
    // Another process may have appended what this mark is about.
    const group = isNewsTo(warm.state, marks.peek(groupId)) ? await groups.newest(groupId) : warm;
    return { group: group.state, groupPosition: group.position };
  }

  /** A mark that is still in doubt after that is left out: whoever marks again what had counted is stored once more. */
  async function loadMarks(groupId: string, commands: readonly MarkReadUpTo[], group: GroupState) {
    let warm = await marks.warm(groupId);
    for (let attempt = 0; attempt < maximumAttempts; attempt += 1) {
      if (!commands.some(({ actorId }) => isInDoubt(warm.state, group, actorId))) break;
      inDoubt.add(groupId);
      try {
        marks.forget(groupId);
        warm = await marks.warm(groupId);
      } finally {
        inDoubt.delete(groupId);
      }
    }
    return warm;
  }

  const decideAndAppend = createCommandHandler({
    log,
    decider: marksDecider,
    streams: marks,
    streamName: readsStream,
    waiting,
    prepare: async (groupId, commands) => {
      const context = await load(groupId, commands);
      const warm = await loadMarks(groupId, commands, context.group);
      for (const { at } of commands.slice(0, 1)) watchClock(groupId, at, marksDecider.lastAt(warm.state, context));
      return { context, warm };
    },
  });

  return {
    marks,
    async handle(groupId, command) {
      const handled = await decideAndAppend(groupId, command);
      if ('refused' in handled) return handled;
      const { group, groupPosition } = handled.context;
      const member = group.members.get(command.actorId);
      // Only a member's mark is accepted.
      if (member === undefined) throw new Error(`the mark of ${command.actorId}, who is no member, was accepted`);
      const standing = markedUpTo(handled.state, group, command.actorId, member);
      // Where it stands by a message, that is what the answer is about.
      const position = standing > member.markedUpTo ? handled.position : Math.max(handled.position, groupPosition);
      return { ...handled, position, markedUpTo: standing };
    },
  };
}
