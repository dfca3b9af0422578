import type { DecodedRecord } from '../events/decode-recorded.ts';
import type { GroupEvent } from '../events/event.ts';
import { groupStream, readsStream } from '../events/stream-name.ts';
import { type EventLog, LogUnavailable, type RecordedEvent, startOfLog } from '../ports/event-log.ts';
import type { GroupSnapshots, SharedSnapshots } from '../ports/group-snapshots.ts';
import { createHaltedGroups, GroupHalted, type HaltedGroups } from '../ports/halted-groups.ts';
import type { MessageMemory } from '../ports/message-memory.ts';
import type { ProjectionProgress } from '../ports/projection-progress.ts';
import { ReadModelsUnavailable } from '../ports/read-model-faults.ts';
import { type ClockBehind, createClockWatch } from './clock-watch.ts';
import { lastMarkAt, snapshotIfThere, warmGroup } from './cold-start.ts';
import type { WaitingBounds } from './command-queues.ts';
import { type GroupCommand, groupDecider } from './group.ts';
import { activeMember, type GroupState, groupStateBytes, withMoment } from './group-state.ts';
import { createCommandHandler } from './handle-command.ts';
import { createMarkCommands, type HandledMark } from './mark-commands.ts';
import type { MarkReadUpTo } from './marks.ts';
import type { Handled } from './pending-command.ts';
import type { Refusal } from './refusal.ts';
import { remember } from './remember.ts';
import type { Warm } from './warm-state.ts';
import { createWarmStreams } from './warm-streams.ts';
import { createWholeGroups, type WholeGroups } from './whole-groups.ts';
import { asWritten } from './written-text.ts';

export interface Commands {
  /** Decides and appends what `asWritten` makes of it; see createCommandHandler for order, durability and errors. */
  handleGroup(groupId: string, command: GroupCommand): Promise<Handled<GroupState, GroupEvent>>;
  handleMark(groupId: string, command: MarkReadUpTo): Promise<HandledMark>;
  /**
   * The group as of everything that this process has appended or followed: what rights are checked against. While the log
   * cannot be read, a cold one is as the read models have it; throws LogUnavailable where they have nothing of it.
   */
  group(groupId: string): Promise<Warm<GroupState>>;
  /** Reads the log's tail of the group first, for an answer that must know of other processes' appends. */
  newestGroup(groupId: string): Promise<Warm<GroupState>>;
  /**
   * What somebody is told of a halted group: a stranger learns nothing of it, as ever. Throws ReadModelsUnavailable while
   * nobody knows that they are one.
   */
  refusalOfHalted(groupId: string, userId: string): Promise<HaltedRefusal>;
  /**
   * Lets go of every group's state, with what it remembers of messages and commands, as when the read models that they
   * came from are replaced. Commands under way are decided on what they have, or anew, and answered once.
   */
  forgetAll(): void;
  /** Hands on an event of the live feed. */
  follow(recorded: RecordedEvent, decoded: DecodedRecord): void;
}

export type HaltedRefusal = Extract<
  Refusal,
  { readonly kind: 'group-halted' | 'group-not-found' | 'no-longer-a-member' }
>;

export interface CommandsOptions {
  readonly log: EventLog;
  readonly readModels: ProjectionProgress & GroupSnapshots & MessageMemory;
  /** Which groups are halted, and how that is found out; both where this process begins with an empty log. */
  readonly halted?: HaltedGroups;
  readonly whole?: WholeGroups;
  /** Where the states of cold groups and of their marks start; from snapshots of their own unless given. */
  readonly snapshots?: SharedSnapshots;
  /** How many bytes of heap all warm states may take together, but for those in use at the moment. */
  readonly capacityBytes?: number;
  /** How many bytes of commands may wait, of groups and of marks apart. */
  readonly waiting?: WaitingBounds;
  /** A group is minutes ahead of the clock that commands come with. At most once a minute. */
  readonly onClockBehind?: (behind: ClockBehind) => void;
  /** How many messages a group's warm state remembers before it may forget older ones. */
  readonly generationSize?: number;
}

/**
 * Some 200,000 members of warm groups with the messages of late: a small part of Node's own bound on the heap, which is
 * above 2 GiB on a machine that has as much.
 */
const defaultCapacityBytes = 192 * 1024 * 1024;

/** How much of the capacity is for marks: a member's is a quarter of what the group's state holds of them. */
const marksShare = 0.25;

export function createCommands(options: CommandsOptions): Commands {
  const { log, readModels, snapshots, capacityBytes = defaultCapacityBytes, generationSize, waiting } = options;
  const { halted = createHaltedGroups() } = options;
  const { whole = createWholeGroups({ log, readModels, halted, startPosition: startOfLog }) } = options;
  const [ofGroups, ofMarks] = [snapshots?.reader() ?? readModels, snapshots?.reader() ?? readModels];
  const watchClock = createClockWatch(options.onClockBehind ?? (() => undefined));
  const groups = createWarmStreams<GroupState>({
    log,
    halted,
    streamName: groupStream,
    // A group's stream holds group events only: whatever else the union knows belongs to other streams.
    evolve: (state, { event, metadata }, position) =>
      groupDecider.evolve(state, event as GroupEvent, { metadata, position }),
    snapshot: async (groupId) => {
      const [snapshot, marksAt] = await Promise.all([
        snapshotIfThere(log, ofGroups, groupId, groupStream(groupId)),
        lastMarkAt(log, halted, groupId),
      ]);
      const warm = warmGroup(snapshot);
      return marksAt === undefined ? warm : { ...warm, state: withMoment(warm.state, marksAt) };
    },
    weigh: groupStateBytes,
    capacityBytes: capacityBytes * (1 - marksShare),
  });
  const { marks, handle: decideAndAppendMark } = createMarkCommands({
    log,
    halted,
    groups,
    snapshot: (groupId) => snapshotIfThere(log, ofMarks, groupId, readsStream(groupId)),
    capacityBytes: capacityBytes * marksShare,
    waiting,
    watchClock,
  });

  const decideAndAppend = createCommandHandler({
    log,
    decider: groupDecider,
    streams: groups,
    streamName: groupStream,
    waiting,
    prepare: async (groupId, commands) => {
      const warm = await remember({ log, halted, readModels, groups, generationSize }, groupId, commands);
      const marksAt = marks.peek(groupId)?.state.lastAt;
      const state = marksAt === undefined ? warm.state : withMoment(warm.state, marksAt);
      for (const { at, isRetold } of commands.slice(0, 1)) if (!isRetold) watchClock(groupId, at, state.lastAt);
      return { context: undefined, warm: { ...warm, state } };
    },
  });

  /**
   * Where nothing was done for one who is gone there is nothing to wait for, and any position that moves with the group, be
   * it the log's end, would tell of what has happened since.
   */
  const handleWhole: Commands['handleGroup'] = async (groupId, command) => {
    const handled = await decideAndAppend(groupId, command);
    if ('refused' in handled || handled.isRepetition || handled.events.length > 0) return handled;
    if (activeMember(handled.state, command.actorId) !== undefined) return handled;
    return { ...handled, position: startOfLog };
  };

  /** The rows may not be there yet. */
  const statesAtHalt = new Map<string, GroupState>();

  /** Of a halted group nothing is decided, and nothing appended to any of its streams. */
  async function unlessHalted<Answer>(groupId: string, actorId: string, handle: () => Promise<Answer>) {
    try {
      const looking = whole.require(groupId);
      if (looking !== undefined) await looking;
      return await handle();
    } catch (error) {
      if (!(error instanceof GroupHalted)) throw error;
      return { refused: await refusalOfHalted(groupId, actorId) };
    }
  }

  async function refusalOfHalted(groupId: string, userId: string): Promise<HaltedRefusal> {
    const state = statesAtHalt.get(groupId) ?? warmGroup(await readModels.groupSnapshot(groupId)).state;
    const member = state.members.get(userId);
    if (member !== undefined) return { kind: member.active ? 'group-halted' : 'no-longer-a-member' };
    const haltedAt = halted.find(groupId)?.position ?? startOfLog;
    if (!statesAtHalt.has(groupId) && (await readModels.checkpoint()) < haltedAt) {
      throw new ReadModelsUnavailable(`nobody knows yet who is in group ${groupId}, which is halted`);
    }
    return { kind: 'group-not-found' };
  }

  halted.watch((groupId, halt) => {
    const warm = groups.peek(groupId);
    if (halt !== undefined && warm !== undefined) statesAtHalt.set(groupId, warm.state);
    else statesAtHalt.delete(groupId);
    groups.forget(groupId);
    marks.forget(groupId);
  });

  /** The group's own events are not to happen before a mark, also where the marks are not in memory. */
  function followMark(recorded: RecordedEvent, decoded: Extract<DecodedRecord, { family: 'reads' }>): void {
    const { groupId, metadata } = decoded;
    marks.follow(groupId, recorded, decoded);
    const warm = groups.peek(groupId);
    if (warm === undefined || withMoment(warm.state, metadata.at) === warm.state) return;
    groups.replace(groupId, warm, (state) => withMoment(state, metadata.at));
  }

  return {
    handleGroup: (groupId, command) =>
      unlessHalted(groupId, command.actorId, () => handleWhole(groupId, asWritten(command))),
    handleMark: (groupId, command) =>
      unlessHalted(groupId, command.actorId, () => decideAndAppendMark(groupId, command)),
    refusalOfHalted,
    async group(groupId) {
      try {
        const looking = whole.require(groupId);
        if (looking !== undefined) await looking;
        return await groups.warm(groupId);
      } catch (error) {
        if (!(error instanceof LogUnavailable)) throw error;
        const snapshot = await readModels.groupSnapshot(groupId);
        // Nobody knows that it is not there.
        if (snapshot === undefined) throw error;
        return warmGroup(snapshot);
      }
    },
    async newestGroup(groupId) {
      await whole.require(groupId);
      return groups.newest(groupId);
    },
    forgetAll() {
      groups.forgetAll();
      marks.forgetAll();
    },
    follow(recorded, decoded) {
      if (decoded.family === 'group') groups.follow(decoded.groupId, recorded, decoded);
      if (decoded.family === 'reads') followMark(recorded, decoded);
    },
  };
}
