import { Map as PersistentMap } from 'immutable';
import { startOfLog } from '../ports/event-log.ts';
import { ReadModelsUnavailable } from '../ports/read-models.ts';
import { type GroupCommand, messagesNeededBy } from './group.ts';
import { findMessage, type GroupState } from './group-state.ts';
import { findCommand } from './known-commands.ts';
import { type Found, isProjected, type LookUpStores, lookUp, type Wanted } from './look-up.ts';
import type { Warm, WarmStreams } from './warm-streams.ts';

/** A generation of remembered messages and commands is closed at this size; two of them are held. */
const defaultGenerationSize = 2_000;
/** So often, what commands are about may change or be away while it is looked up. */
const maximumAttempts = 5;

export interface GroupMemory extends LookUpStores {
  readonly groups: WarmStreams<GroupState>;
  readonly generationSize?: number | undefined;
}

/**
 * A group of a million messages is decided on without holding them, or the commands that its clients may repeat. What the
 * warm state does not hold, the read models do: it leaves the state only when their checkpoint has passed every event
 * that touched it, and a message that changes while it is away is marked. So a row of the read models is exact for
 * everything that the state does not know, as long as they have not been begun anew meanwhile.
 *
 * Throws ReadModelsUnavailable where they are away and the stream is too long to be folded instead.
 */
export async function remember(
  memory: GroupMemory,
  groupId: string,
  commands: readonly GroupCommand[],
): Promise<undefined> {
  // First, or else it could forget what these commands are about.
  await rotate(memory, groupId);
  for (let attempt = 0; attempt < maximumAttempts; attempt += 1) {
    const { state } = await memory.groups.warm(groupId);
    const wanted = wantedOf(state, commands);
    if (wanted === undefined) return;
    const found = await lookUp(memory, groupId, wanted, state.forgottenThrough);
    if (found === undefined) {
      // Loaded anew, it is a fold of the log on what the read models now hold, or from the first event.
      memory.groups.forget(groupId);
      continue;
    }
    memory.groups.replace(groupId, (warm) => withFound(warm, found));
    const after = await memory.groups.warm(groupId);
    if (wanted.messageIds.every((id) => findMessage(after.state, id) !== null)) return;
  }
  throw new ReadModelsUnavailable(
    `what commands to ${groupId} are about changed or was away whenever it was looked up`,
  );
}

function wantedOf(state: GroupState, commands: readonly GroupCommand[]): Wanted | undefined {
  if (!state.exists) return undefined;
  const forgets = state.forgottenThrough !== startOfLog;
  const messageIds = [...new Set(commands.flatMap(messagesNeededBy))].filter((id) => {
    const message = findMessage(state, id);
    return message === null || (forgets && message === undefined);
  });
  const unknown = forgets
    ? commands.filter((command) => command.commandDigest !== undefined && findCommand(state, command) === undefined)
    : [];
  if (messageIds.length === 0 && unknown.length === 0) return undefined;
  const isChanged = messageIds.some((id) => findMessage(state, id) === null);
  return { messageIds, commands: unknown.map(({ actorId, commandId }) => ({ actorId, commandId })), isChanged };
}

/**
 * What the state has folded meanwhile is at least as new as what was read. One that has changed once more since the log
 * was read stays marked, and is looked up again.
 */
function withFound({ state, version }: Warm<GroupState>, found: Found): GroupState {
  const messages = [...found.messages].filter(([id]) => {
    const held = findMessage(state, id);
    return held === undefined || (held === null && found.version >= version);
  });
  const commands = [...found.commands].filter(
    ([key]) => state.commands.get(key) === undefined && state.olderCommands.get(key) === undefined,
  );
  return { ...state, messages: state.messages.merge(messages), commands: state.commands.merge(commands) };
}

async function rotate({ groups, readModels, generationSize = defaultGenerationSize }: GroupMemory, groupId: string) {
  const warm = groups.peek(groupId);
  if (warm === undefined || warm.state.messages.size + warm.state.commands.size < generationSize) return;
  const { olderMessages, olderCommands, olderThrough } = warm.state;
  const isFirst = olderMessages.size + olderCommands.size === 0;
  if (!isFirst && !(await isProjected(readModels, olderThrough))) return;
  groups.replace(groupId, ({ state }) => {
    if (state !== warm.state) return state;
    return {
      ...state,
      messages: PersistentMap(),
      olderMessages: state.messages,
      commands: PersistentMap(),
      olderCommands: state.commands,
      olderThrough: warm.position,
      forgottenThrough: isFirst ? state.forgottenThrough : Math.max(state.forgottenThrough, olderThrough),
    };
  });
}
