import { Map as PersistentMap, Set as PersistentSet } from 'immutable';
import type { GroupEvent } from '../events/event.ts';
import { groupStream } from '../events/stream-name.ts';
import { type EventLog, noStream, type Position } from '../ports/event-log.ts';
import type { GroupSnapshots } from '../ports/group-snapshots.ts';
import type { HaltedGroups } from '../ports/halted-groups.ts';
import type { MessageMemory } from '../ports/message-memory.ts';
import type { ProjectionProgress } from '../ports/projection-progress.ts';
import { ReadModelsUnavailable } from '../ports/read-model-faults.ts';
import type { CommandKey, CommandRow, MessageRow, ReactionRow } from '../ports/rows.ts';
import { evolveGroup, findMessage, initialGroupState, withMessages } from './group-state.ts';
import { commandKey, type KnownCommand } from './known-commands.ts';
import { type MessageState, messageState, type Reactions } from './message-state.ts';

export interface LookUpStores {
  readonly log: EventLog;
  readonly halted: Pick<HaltedGroups, 'fold'>;
  readonly readModels: Pick<ProjectionProgress, 'checkpoint'> & Pick<GroupSnapshots, 'groups'> & MessageMemory;
}

/** What commands are about and a group's state does not hold. */
export interface Wanted {
  readonly messageIds: readonly string[];
  readonly commands: readonly CommandKey[];
  /** Whether one of the messages has changed while the state did not hold it: then its row may be older than the state. */
  readonly isChanged: boolean;
}

export interface Found {
  readonly messages: ReadonlyMap<string, MessageState>;
  /** By `commandKey`. */
  readonly commands: ReadonlyMap<string, KnownCommand>;
}

/**
 * What the read models and the log know of it. What is not found is not there. Undefined where the read models cannot
 * say: they are away, or so new that they do not hold everything up to `forgottenThrough`.
 */
export async function lookUp(
  stores: LookUpStores,
  groupId: string,
  wanted: Wanted,
  forgottenThrough: Position,
): Promise<Found | undefined> {
  const { readModels } = stores;
  try {
    // They may be thrown away and begun anew at any moment. Before, they are to hold all that was forgotten, and after,
    // not to have fallen back behind that: to come as far again takes longer than this.
    const before = await readModels.checkpoint();
    if (before < forgottenThrough) return undefined;
    const [messages, commands] = await Promise.all([
      wanted.isChanged ? readThroughLog(stores, groupId, wanted.messageIds) : read(stores, groupId, wanted.messageIds),
      wanted.commands.length === 0 ? [] : readModels.acceptedCommands(groupId, wanted.commands),
    ]);
    if ((await readModels.checkpoint()) < before) return undefined;
    return { ...messages, commands: new Map(commands.map(knownCommand)) };
  } catch (error) {
    if (error instanceof ReadModelsUnavailable) return undefined;
    throw error;
  }
}

/** While the read models are away nothing may be forgotten: nobody else could say what it was. */
export async function isProjected(
  readModels: Pick<ProjectionProgress, 'checkpoint'>,
  position: Position,
): Promise<boolean> {
  try {
    return (await readModels.checkpoint()) >= position;
  } catch (error) {
    if (error instanceof ReadModelsUnavailable) return false;
    throw error;
  }
}

type FoundMessages = Pick<Found, 'messages'>;

async function read(
  { readModels }: LookUpStores,
  groupId: string,
  messageIds: readonly string[],
): Promise<FoundMessages> {
  const rows = messageIds.length === 0 ? [] : await readModels.messages(groupId, messageIds);
  const reactions = reactionsBySeq(rows.length === 0 ? [] : await readModels.reactions(rows));
  return { messages: new Map(rows.map((row) => [row.messageId, fromRow(row, reactions.get(row.seq))])) };
}

const knownCommand = (row: CommandRow): [string, KnownCommand] => [
  commandKey(row.actorId, row.commandId),
  { digest: row.digest, position: row.position, addedUpTo: row.addedUpTo },
];

function fromRow(row: MessageRow, reactions: Reactions | undefined): MessageState {
  return messageState({ ...row, sentHash: row.sentHash ?? undefined, position: row.sentPosition }, reactions);
}

/** Each reaction is looked at once, however many messages they stand under. */
function reactionsBySeq(rows: readonly ReactionRow[]): ReadonlyMap<number, Reactions> {
  const people = new Map<number, Map<string, string[]>>();
  for (const { seq, emoji, userId } of rows) {
    const byEmoji = people.get(seq) ?? new Map<string, string[]>();
    people.set(seq, byEmoji);
    const reacted = byEmoji.get(emoji);
    if (reacted === undefined) byEmoji.set(emoji, [userId]);
    else reacted.push(userId);
  }
  return new Map([...people].map(([seq, byEmoji]) => [seq, PersistentMap([...byEmoji].map(standing))]));
}

const standing = ([emoji, userIds]: [string, string[]]): [string, PersistentSet<string>] => [
  emoji,
  PersistentSet(userIds),
];

/** The rows as the read models have them, with what the log holds beyond them folded on top. */
async function readThroughLog(
  stores: LookUpStores,
  groupId: string,
  messageIds: readonly string[],
): Promise<FoundMessages> {
  const [group] = await stores.readModels.groups([groupId]);
  let version = group?.version ?? noStream;
  const rows = await read(stores, groupId, messageIds);
  let state = withMessages(initialGroupState, rows.messages);
  for (;;) {
    const page = await stores.log.readStream(groupStream(groupId), version + 1, 1_000);
    for (const recorded of page) {
      const before = state;
      const { position } = recorded;
      // A group's stream holds group events only.
      state = stores.halted.fold(recorded, ({ event, metadata }) =>
        evolveGroup(before, event as GroupEvent, { metadata, position }),
      );
    }
    version += page.length;
    if (page.length < 1_000) break;
  }
  const messages = new Map<string, MessageState>();
  for (const id of messageIds) {
    const message = findMessage(state, id);
    if (message !== undefined) messages.set(id, message);
  }
  return { messages };
}
