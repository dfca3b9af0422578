import { commandProgress } from '../events/command-progress.ts';
import type { GroupEvent } from '../events/event.ts';
import { ownString, stringBytes } from '../memory/string-bytes.ts';
import type { Position } from '../ports/event-log.ts';
import type { CommandEnvelope, EventOrigin } from './decider.ts';
import { type Generation, withEntry } from './generation.ts';

/** A command that the log holds events of, of those whose ids their clients chose. */
export interface KnownCommand {
  /** What it said. Another one under the same id is none of its repetitions. */
  readonly digest: string;
  /** Of its newest event; undefined while that is decided and not yet appended. */
  readonly position: Position | undefined;
  /** Null once all of it is in the log; otherwise who was added last, see commandProgress. */
  readonly addedUpTo: string | null;
}

/** What a group's state remembers of commands: in two generations, like its messages. */
export interface CommandMemory {
  /** By actor and command id, see `commandKey`. */
  readonly commands: Generation<KnownCommand>;
  readonly olderCommands: Generation<KnownCommand>;
}

/** Measured: an entry of a persistent map with its share of the nodes, and the command's own fields. */
const bytesPerCommand = 190;

export const knownCommandBytes = (key: string, { digest, addedUpTo }: KnownCommand): number =>
  bytesPerCommand + stringBytes(key) + stringBytes(digest) + (addedUpTo === null ? 0 : stringBytes(addedUpTo));

/** Ids hold no white space. */
export const commandKey = (actorId: string, commandId: string): string => `${actorId} ${commandId}`;

/** The command as the state remembers it. One whose client gave it no id is never known: it cannot come again. */
export function findCommand(
  { commands, olderCommands }: CommandMemory,
  { actorId, commandId, commandDigest }: CommandEnvelope,
): KnownCommand | undefined {
  if (commandDigest === undefined) return undefined;
  const key = commandKey(actorId, commandId);
  return commands.byId.get(key) ?? olderCommands.byId.get(key);
}

/** The state with the command in it that this event is of. */
export function withCommandOf<State extends CommandMemory>(
  state: State,
  event: GroupEvent,
  { metadata, position }: EventOrigin,
): State {
  const { actorId, causationId, commandDigest } = metadata;
  if (commandDigest === undefined) return state;
  const last = commandProgress(event, metadata);
  const addedUpTo = last === null ? null : ownString(last);
  const command: KnownCommand = { digest: commandDigest, position, addedUpTo };
  const commands = withEntry(state.commands, commandKey(actorId, causationId), command, knownCommandBytes);
  return { ...state, commands };
}
