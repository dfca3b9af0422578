import { startOfLog } from '../ports/event-log.ts';
import { ReadModelsUnavailable } from '../ports/read-model-faults.ts';
import { withEntry } from './generation.ts';
import { type GroupCommand, messagesNeededBy } from './group.ts';
import { emptyGeneration, findMessage, type GroupState, messageEntry, withMessages } from './group-state.ts';
import { findCommand, knownCommandBytes } from './known-commands.ts';
import { type Found, isProjected, type LookUpStores, lookUp, type Wanted } from './look-up.ts';
import type { Loaded, WarmStreams } from './warm-state.ts';

/** A generation of remembered messages and commands is closed at this size; two of them are held. */
const defaultGenerationSize = 2_000;
/** Or at this many bytes: few messages with very many reactions weigh as much. */
const generationBytes = 4 * 1024 * 1024;
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
 * The state that is returned is one to decide these commands on: what it does not hold of what they are about is not
 * there. Another state, loaded later, does not know that. Throws ReadModelsUnavailable where the read models are away and
 * the stream is too long to be folded instead.
 */
export async function remember(
  memory: GroupMemory,
  groupId: string,
  commands: readonly GroupCommand[],
): Promise<Loaded<GroupState>> {
  // First, or else it could forget what these commands are about.
  await rotate(memory, groupId);
  for (let attempt = 0; attempt < maximumAttempts; attempt += 1) {
    const warm = await memory.groups.warm(groupId);
    const wanted = wantedOf(warm.state, commands);
    if (wanted === undefined) return warm;
    const found = await lookUp(memory, groupId, wanted, warm.state.forgottenThrough);
    if (found === undefined) {
      // Loaded anew, it is a fold of the log on what the read models now hold, or from the first event.
      memory.groups.forget(groupId);
      continue;
    }
    const after = memory.groups.replace(groupId, warm, (state) => withFound(state, warm.state, found));
    if (after === undefined) continue;
    const { state } = after;
    if (wanted.messageIds.every((id) => findMessage(state, id) || isAsSeen(state, warm.state, id))) return after;
  }
  throw new ReadModelsUnavailable(
    `what commands to ${groupId} are about changed or was away whenever it was looked up`,
  );
}

function wantedOf(state: GroupState, commands: readonly GroupCommand[]): Wanted | undefined {
  if (!state.exists) return undefined;
  const forgets = state.forgottenThrough !== startOfLog;
  const isChanged = (id: string) => messageEntry(state, id) !== undefined;
  const messageIds = [...new Set(commands.flatMap(messagesNeededBy))].filter(
    (id) => findMessage(state, id) === undefined && (forgets || isChanged(id)),
  );
  const unknown = forgets
    ? commands.filter((command) => command.commandDigest !== undefined && findCommand(state, command) === undefined)
    : [];
  if (messageIds.length === 0 && unknown.length === 0) return undefined;
  const keys = unknown.map(({ actorId, commandId }) => ({ actorId, commandId }));
  return { messageIds, commands: keys, isChanged: messageIds.some(isChanged) };
}

/** Nothing has touched the message since: each change of one that is not held makes another entry. */
const isAsSeen = (now: GroupState, seen: GroupState, messageId: string): boolean =>
  messageEntry(now, messageId) === messageEntry(seen, messageId);

/** What was read holds for what nothing has touched meanwhile. One that has changed once more is looked up again. */
function withFound(now: GroupState, seen: GroupState, found: Found): GroupState {
  const state = withMessages(
    now,
    [...found.messages].filter(([id]) => isAsSeen(now, seen, id)),
  );
  let { commands } = state;
  for (const [key, command] of found.commands) {
    const isHeld = commands.byId.has(key) || state.olderCommands.byId.has(key);
    if (!isHeld) commands = withEntry(commands, key, command, knownCommandBytes);
  }
  return { ...state, commands };
}

async function rotate({ groups, readModels, generationSize = defaultGenerationSize }: GroupMemory, groupId: string) {
  const warm = groups.peek(groupId);
  if (warm === undefined || !isFull(warm.state, generationSize)) return;
  const { olderMessages, olderCommands, olderThrough } = warm.state;
  const isFirst = olderMessages.byId.size + olderCommands.byId.size === 0;
  if (!isFirst && !(await isProjected(readModels, olderThrough))) return;
  groups.replace(groupId, warm, (state) => {
    // Others may have been remembered meanwhile, or have happened.
    if (state.messages !== warm.state.messages || state.commands !== warm.state.commands) return state;
    return {
      ...state,
      messages: emptyGeneration,
      olderMessages: state.messages,
      commands: emptyGeneration,
      olderCommands: state.commands,
      olderThrough: warm.position,
      forgottenThrough: isFirst ? state.forgottenThrough : Math.max(state.forgottenThrough, olderThrough),
    };
  });
}

const isFull = ({ messages, commands }: GroupState, generationSize: number): boolean =>
  messages.byId.size + commands.byId.size >= generationSize ||
  messages.byteLength + commands.byteLength >= generationBytes;
