import { type Commands, type CommandsOptions, createCommands } from '../../src/commands/commands.ts';
import { groupDecider } from '../../src/commands/group.ts';
import { evolveGroup, type GroupState } from '../../src/commands/group-state.ts';
import type { Handled } from '../../src/commands/pending-command.ts';
import { isRefused, isRepeated, type Refusal } from '../../src/commands/refusal.ts';
import { decodeRecorded } from '../../src/events/decode-recorded.ts';
import type { GroupEvent, ReadsEvent } from '../../src/events/event.ts';
import { groupStream, readsStream } from '../../src/events/stream-name.ts';
import type { RecordedEvent } from '../../src/ports/event-log.ts';
import type { InMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { createLaggingReadModels, type LaggingReadModels } from '../fakes/lagging-read-models.ts';
import { by, type GroupOrder } from './given.ts';

/** One process that takes commands: its own warm state and read models of its own, on a log that others share. */
export interface Process {
  readonly commands: Commands;
  readonly readModels: LaggingReadModels;
  order(actorId: string, order: GroupOrder, commandId?: string): Promise<Handled<GroupState, GroupEvent>>;
  /** Follows so many of the log's next events, from those on that were appended after the process began. */
  follow(count?: number): void;
}

let ordersGiven = 0;

export function startProcess(
  log: InMemoryEventLog,
  options: Partial<Omit<CommandsOptions, 'log' | 'readModels'>> = {},
  readModels = createLaggingReadModels(log),
): Process {
  const commands = createCommands({ log, readModels, ...options });
  let followed = log.all.length;
  return {
    commands,
    readModels,
    order: (actorId, order, commandId = `command-${++ordersGiven}`) =>
      commands.handleGroup('lunch', by(actorId, order, commandId)),
    follow(count = log.all.length) {
      for (const recorded of log.all.slice(followed, followed + count)) {
        followed += 1;
        commands.follow(recorded, decodeRecorded(recorded));
      }
    },
  };
}

const eventsOf = <Event>(recorded: readonly RecordedEvent[]): readonly Event[] =>
  // Each family of streams holds its own events only.
  recorded.map((one) => decodeRecorded(one).event as Event);

export const groupEvents = (log: InMemoryEventLog, groupId = 'lunch'): readonly GroupEvent[] =>
  eventsOf(log.all.filter(({ streamName }) => streamName === groupStream(groupId)));

export const readsEvents = (log: InMemoryEventLog, groupId = 'lunch'): readonly ReadsEvent[] =>
  eventsOf(log.all.filter(({ streamName }) => streamName === readsStream(groupId)));

/** Says what the pure decider makes of an order, on a fold of the group's stream from its start. */
export function createOracle(log: InMemoryEventLog, groupId = 'lunch') {
  let state = groupDecider.initialState;
  let folded = 0;
  return (actorId: string, order: GroupOrder): readonly GroupEvent[] | Refusal => {
    for (const recorded of log.all.slice(folded)) {
      if (recorded.streamName !== groupStream(groupId)) continue;
      const { event, metadata } = decodeRecorded(recorded);
      state = evolveGroup(state, event as GroupEvent, { metadata, position: recorded.position });
    }
    folded = log.all.length;
    const decision = groupDecider.decide(by(actorId, order), state, undefined);
    if (isRepeated(decision)) return [];
    return isRefused(decision) ? decision.refused : decision;
  };
}

/** What a command came to, as `given` expects it: its events, or why it was refused. */
export function outcome<Event>(
  handled: { readonly refused: Refusal } | { readonly events: readonly { readonly event: Event }[] },
): readonly Event[] | Refusal {
  return 'refused' in handled ? handled.refused : handled.events.map(({ event }) => event);
}

export const createLunch: GroupOrder = {
  type: 'CreateGroup',
  groupId: 'lunch',
  name: 'Lunch',
  members: [{ userId: 'bob', role: 'admin' }, { userId: 'cleo' }, { userId: 'dan' }],
};

export const message = (messageId: string, text = messageId): GroupOrder => ({
  type: 'SendMessage',
  messageId,
  text,
  mentions: [],
});
