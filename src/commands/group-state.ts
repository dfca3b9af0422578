import { Map as PersistentMap } from 'immutable';
import type { GroupEvent } from '../events/event.ts';
import type { MembersAdded } from '../events/membership.ts';
import type { MessageSent } from '../events/messages.ts';
import { laterOf } from '../events/moments.ts';
import { markCounts } from '../events/reads.ts';
import { hashCreation } from '../events/text-hash.ts';
import type { Role } from '../events/values.ts';
import { ownString, stringBytes } from '../memory/string-bytes.ts';
import { type Position, startOfLog } from '../ports/event-log.ts';
import type { EventOrigin } from './decider.ts';
import { type Generation, withEntry } from './generation.ts';
import { type CommandMemory, withCommandOf } from './known-commands.ts';
import {
  type MessageEntry,
  type MessageState,
  messageEntryBytes,
  messageState,
  withoutReaction,
  withReaction,
  withText,
} from './message-state.ts';

export interface Member {
  readonly name: string;
  readonly role: Role;
  /** False after leaving: a former member is told so, a stranger is told nothing. */
  readonly active: boolean;
  /** Where the present stay began, or a later position at which it was going on already. */
  readonly since: Position;
  /** The newest message of their own; or their mark, where that was further when the state was loaded. */
  readonly markedUpTo: number;
}

/**
 * What the decisions on a group look at. Persistent collections: several commands are decided together on states that
 * are thrown away when the append meets a conflict.
 */
export interface GroupState extends CommandMemory {
  readonly exists: boolean;
  readonly name: string;
  /** `hashCreation` of its first event; empty before that. */
  readonly creationHash: string;
  /** The latest moment of what has happened in the group, as far as this state knows; undefined before its first event. */
  readonly lastAt: string | undefined;
  readonly members: PersistentMap<string, Member>;
  readonly memberCount: number;
  readonly ownerCount: number;
  readonly lastSeq: number;
  /**
   * The messages that events have touched of late, and those that commands have named. A forgotten one changed while
   * this state did not hold it: it must be looked up before it is decided on. See remember.ts.
   */
  readonly messages: Generation<MessageEntry>;
  /** The generation before: what nothing has touched since the last rotation. */
  readonly olderMessages: Generation<MessageEntry>;
  /** Where the older generation was closed: every event that touched what it holds is at or before this. */
  readonly olderThrough: Position;
  /**
   * Messages and commands that are not held were last touched at or before this position. `startOfLog` while nothing was
   * forgotten, as after a fold from the stream's start: what is not held then is not there.
   */
  readonly forgottenThrough: Position;
  /** About how many bytes of heap the members take. Kept by events, never counted over the members. */
  readonly membersByteLength: number;
}

/** Nothing remembered. */
export const emptyGeneration = { byId: PersistentMap<string, never>(), byteLength: 0 };

export const initialGroupState: GroupState = {
  exists: false,
  name: '',
  creationHash: '',
  lastAt: undefined,
  members: PersistentMap(),
  memberCount: 0,
  ownerCount: 0,
  lastSeq: 0,
  messages: emptyGeneration,
  olderMessages: emptyGeneration,
  commands: emptyGeneration,
  olderCommands: emptyGeneration,
  olderThrough: startOfLog,
  forgottenThrough: startOfLog,
  membersByteLength: 0,
};

/** Measured: an entry of a persistent map with its share of the nodes, and the member's own fields. */
const bytesPerMember = 200;

/** About how many bytes of heap a member takes with their id. */
export const memberBytes = (userId: string, { name }: Pick<Member, 'name'>): number =>
  bytesPerMember + stringBytes(userId) + stringBytes(name);

/** Its first creation's hash and its last moment. */
const bytesPerGroup = 100;

/** About how many bytes of heap the state takes, in O(1): every change of it brings its own bytes. */
export const groupStateBytes = (state: GroupState): number =>
  bytesPerGroup + state.membersByteLength + rememberedBytes(state) + stringBytes(state.name);

const rememberedBytes = ({ messages, olderMessages, commands, olderCommands }: GroupState): number =>
  messages.byteLength + olderMessages.byteLength + commands.byteLength + olderCommands.byteLength;

export function activeMember(state: GroupState, userId: string): Member | undefined {
  const member = state.members.get(userId);
  return member?.active ? member : undefined;
}

/** The message as this state knows it; forgotten where it must be remembered, undefined where it was not touched of late. */
export const messageEntry = (state: GroupState, messageId: string): MessageEntry | undefined =>
  state.messages.byId.get(messageId) ?? state.olderMessages.byId.get(messageId);

/** The message where this state holds it. */
export function findMessage(state: GroupState, messageId: string): MessageState | undefined {
  const entry = messageEntry(state, messageId);
  return entry === undefined || 'isForgotten' in entry ? undefined : entry;
}

export function evolveGroup(state: GroupState, event: GroupEvent, origin: EventOrigin): GroupState {
  const { metadata, position } = origin;
  let changed = changeGroup(withMoment(state, metadata.at), event, position);
  if (event.type === 'GroupCreated') {
    changed = { ...changed, creationHash: hashCreation(metadata.actorId, event.data.name) };
  }
  return withCommandOf(changed, event, origin);
}

/** The state once something has happened at that moment, in whichever of the group's streams. */
export function withMoment(state: GroupState, at: string): GroupState {
  const lastAt = laterOf(at, state.lastAt);
  return lastAt === state.lastAt ? state : { ...state, lastAt: ownString(lastAt) };
}

function changeGroup(state: GroupState, event: GroupEvent, position: Position | undefined): GroupState {
  switch (event.type) {
    case 'GroupCreated':
      return { ...state, exists: true, name: ownString(event.data.name) };
    case 'GroupRenamed':
      return { ...state, name: ownString(event.data.name) };
    case 'MembersAdded':
      return addMembers(state, event, position);
    case 'MemberLeft':
    case 'MemberRemoved': {
      const member = state.members.get(event.data.userId);
      if (member === undefined) return state;
      const members = state.members.set(event.data.userId, { ...member, active: false });
      const ownerCount = state.ownerCount - (member.role === 'owner' ? 1 : 0);
      return { ...state, members, memberCount: event.data.memberCount, ownerCount };
    }
    case 'MemberRoleChanged': {
      const member = state.members.get(event.data.userId);
      if (member === undefined) return state;
      const members = state.members.set(event.data.userId, { ...member, role: event.data.role });
      const owners = Number(event.data.role === 'owner') - Number(member.role === 'owner');
      return { ...state, members, ownerCount: state.ownerCount + owners };
    }
    case 'MemberRenamed': {
      const { userId } = event.data;
      const member = state.members.get(userId);
      if (member === undefined) return state;
      const renamed = { ...member, name: ownString(event.data.name) };
      const bytes = memberBytes(userId, renamed) - memberBytes(userId, member);
      const membersByteLength = state.membersByteLength + bytes;
      return { ...state, members: state.members.set(userId, renamed), membersByteLength };
    }
    case 'MessageSent': {
      const message = messageState({ ...event.data, sentHash: undefined, position });
      const messages = withEntry(state.messages, event.data.messageId, message, messageEntryBytes);
      return { ...state, lastSeq: event.data.seq, messages, members: withOwnMark(state.members, event) };
    }
    case 'MessageEdited': {
      const { messageId, text } = event.data;
      return changeMessage(state, messageId, (message) => withText(message, text));
    }
    case 'MessageDeleted':
      return changeMessage(state, event.data.messageId, (message) => withText(message, null));
    case 'ReactionAdded':
    case 'ReactionRemoved': {
      const { messageId, emoji, userId } = event.data;
      const react = event.type === 'ReactionAdded' ? withReaction : withoutReaction;
      return changeMessage(state, messageId, (message) => react(message, emoji, userId));
    }
    default:
      return event satisfies never;
  }
}

/** The state with these messages remembered. */
export function withMessages(state: GroupState, found: Iterable<readonly [string, MessageState]>): GroupState {
  let { messages } = state;
  for (const [id, message] of found) messages = withEntry(messages, id, message, messageEntryBytes);
  return { ...state, messages };
}

/** Sending moves the author's own mark to the message, see readUpTo. */
function withOwnMark(members: GroupState['members'], { data: { authorId, seq } }: MessageSent): GroupState['members'] {
  const author = members.get(authorId);
  return author !== undefined && markCounts(author, seq)
    ? members.set(authorId, { ...author, markedUpTo: seq })
    : members;
}

function addMembers(state: GroupState, { data }: MembersAdded, position: Position = startOfLog): GroupState {
  let { membersByteLength, ownerCount } = state;
  const members = state.members.withMutations((all) => {
    for (const added of data.members) {
      const [userId, name] = [ownString(added.userId), ownString(added.name)];
      const earlier = all.get(userId);
      if (earlier !== undefined) membersByteLength -= memberBytes(userId, earlier);
      membersByteLength += memberBytes(userId, { name });
      if (added.role === 'owner') ownerCount += 1;
      const { role } = added;
      const markedUpTo = earlier?.markedUpTo ?? 0;
      all.set(userId, { name, role, active: true, since: position, markedUpTo });
    }
  });
  return { ...state, members, memberCount: data.memberCount, ownerCount, membersByteLength };
}

function changeMessage(
  state: GroupState,
  messageId: string,
  change: (message: MessageState) => MessageState,
): GroupState {
  const message = findMessage(state, messageId);
  const changed = message === undefined ? { isForgotten: true as const } : change(message);
  return { ...state, messages: withEntry(state.messages, messageId, changed, messageEntryBytes) };
}
