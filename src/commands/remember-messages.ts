import { Map as PersistentMap, Set as PersistentSet } from 'immutable';
import { decodeRecorded } from '../events/decode-recorded.ts';
import type { GroupEvent } from '../events/event.ts';
import { groupStream } from '../events/stream-name.ts';
import { type EventLog, noStream, type Position } from '../ports/event-log.ts';
import { type MessageRow, type ReactionRow, type ReadModels, ReadModelsUnavailable } from '../ports/read-models.ts';
import { type GroupCommand, messagesNeededBy } from './group.ts';
import {
  evolveGroup,
  findMessage,
  type GroupState,
  initialGroupState,
  type MessageState,
  reactionKey,
} from './group-state.ts';
import type { WarmStreams } from './warm-streams.ts';

/** A generation of remembered messages is closed at this size; two of them are held. */
const defaultGenerationSize = 2_000;

export interface MessageMemory {
  readonly log: EventLog;
  readonly readModels: Pick<ReadModels, 'checkpoint' | 'groups' | 'messages' | 'reactions'>;
  readonly groups: WarmStreams<GroupState>;
  readonly generationSize?: number | undefined;
}

/** Where each group's older generation was closed: every event that touched a message of it is at or before this. */
const closedAt = new WeakMap<GroupState['olderMessages'], Position>();

/**
 * A group of a million messages is decided on without holding them. What the warm state does not hold, the read models
 * do: a message leaves the state only when their checkpoint has passed every event that touched it, and one that changes
 * while it is away is marked. So a row of the read models is exact for every message that the state does not know.
 */
export async function rememberMessages(
  memory: MessageMemory,
  groupId: string,
  commands: readonly GroupCommand[],
): Promise<undefined> {
  // First, or else it could forget what these commands are about.
  await rotate(memory, groupId);
  const { state } = await memory.groups.warm(groupId);
  if (!state.exists) return;
  const needed = new Set(commands.flatMap(messagesNeededBy).filter((id) => !findMessage(state, id)));
  const changed = [...needed].filter((id) => findMessage(state, id) === null);
  if (needed.size === 0 || (state.holdsAllMessages && changed.length === 0)) return;
  try {
    const found =
      changed.length > 0 ? await readThroughLog(memory, groupId, needed) : await read(memory, groupId, needed);
    memory.groups.replace(groupId, (current) => withRemembered(current, found));
  } catch (error) {
    if (!(error instanceof ReadModelsUnavailable)) throw error;
    // Loaded anew while the read models are away, the state is folded from the first event and holds every message.
    memory.groups.forget(groupId);
    await memory.groups.warm(groupId);
  }
}

/** What the state has folded meanwhile is at least as new as what was read. */
function withRemembered(state: GroupState, found: ReadonlyMap<string, MessageState>): GroupState {
  const news = [...found].filter(([id]) => !findMessage(state, id));
  return news.length === 0 ? state : { ...state, messages: state.messages.merge(news) };
}

async function read(
  { readModels }: MessageMemory,
  groupId: string,
  messageIds: ReadonlySet<string>,
): Promise<Map<string, MessageState>> {
  const rows = await readModels.messages(groupId, [...messageIds]);
  const reactions = rows.length === 0 ? [] : await readModels.reactions(rows);
  return new Map(rows.map((row) => [row.messageId, messageState(row, reactions)]));
}

function messageState(row: MessageRow, reactions: readonly ReactionRow[]): MessageState {
  const { seq, authorId, text, replyTo, mentions, editedAt } = row;
  const own = reactions.filter((reaction) => reaction.seq === seq);
  const keys = own.map(({ emoji, userId }) => reactionKey(emoji, userId));
  return { seq, authorId, text, replyTo, mentions, edited: editedAt !== null, reactions: PersistentSet(keys) };
}

/** The rows as the read models have them, with what the log holds beyond them folded on top. */
async function readThroughLog(
  memory: MessageMemory,
  groupId: string,
  messageIds: ReadonlySet<string>,
): Promise<ReadonlyMap<string, MessageState>> {
  const [group] = await memory.readModels.groups([groupId]);
  const rows = await read(memory, groupId, messageIds);
  let state: GroupState = { ...initialGroupState, messages: PersistentMap(rows) };
  for (let from = (group?.version ?? noStream) + 1; ; ) {
    const page = await memory.log.readStream(groupStream(groupId), from, 1_000);
    // A group's stream holds group events only.
    for (const recorded of page) state = evolveGroup(state, decodeRecorded(recorded).event as GroupEvent);
    from += page.length;
    if (page.length < 1_000) break;
  }
  const found = new Map<string, MessageState>();
  for (const id of messageIds) {
    const message = state.messages.get(id);
    if (message) found.set(id, message);
  }
  return found;
}

async function rotate(memory: MessageMemory, groupId: string): Promise<void> {
  const { groups, readModels, generationSize = defaultGenerationSize } = memory;
  const warm = groups.peek(groupId);
  if (warm === undefined || warm.state.messages.size < generationSize) return;
  const { olderMessages } = warm.state;
  if (olderMessages.size > 0 && !(await isProjected(readModels, closedAt.get(olderMessages) ?? warm.position))) return;
  const holdsAllMessages = warm.state.holdsAllMessages && olderMessages.size === 0;
  groups.replace(groupId, (state) => {
    if (state !== warm.state) return state;
    closedAt.set(state.messages, warm.position);
    return { ...state, messages: PersistentMap(), olderMessages: state.messages, holdsAllMessages };
  });
}

/** While the read models are away nothing may be forgotten: nobody else could say what it was. */
async function isProjected(readModels: Pick<ReadModels, 'checkpoint'>, position: Position): Promise<boolean> {
  try {
    return (await readModels.checkpoint()) >= position;
  } catch (error) {
    if (error instanceof ReadModelsUnavailable) return false;
    throw error;
  }
}
