import { Map as PersistentMap, Set as PersistentSet } from 'immutable';
import type { GroupEvent } from '../events/event.ts';
import type { Role } from '../events/values.ts';
import { type Position, startOfLog } from '../ports/event-log.ts';
import type { EventOrigin } from './decider.ts';
import { type CommandMemory, withCommandOf } from './known-commands.ts';

export interface Member {
  readonly name: string;
  readonly role: Role;
  /** False after leaving: a former member is told so, a stranger is told nothing. */
  readonly active: boolean;
  /** The group's newest message when the present stay began. */
  readonly afterSeq: number;
  /** True when the present stay is not the first. */
  readonly returned: boolean;
}

export interface MessageState {
  readonly seq: number;
  readonly authorId: string;
  readonly text: string | null;
  readonly replyTo: string | null;
  readonly mentions: readonly string[];
  readonly edited: boolean;
  /** Where the log holds the message; undefined while it is decided and not yet appended. */
  readonly position: Position | undefined;
  /** Each an emoji and a user id, as `reactionKey` joins them. */
  readonly reactions: PersistentSet<string>;
}

/**
 * What the decisions on a group look at. Persistent collections: several commands are decided together on states that
 * are thrown away when the append meets a conflict.
 */
export interface GroupState extends CommandMemory {
  readonly exists: boolean;
  readonly name: string;
  readonly members: PersistentMap<string, Member>;
  readonly memberCount: number;
  readonly ownerCount: number;
  readonly lastSeq: number;
  /**
   * The messages that events have touched of late, and those that commands have named. `null` marks one that changed
   * while this state did not hold it: it must be remembered before it is decided on. See remember.ts.
   */
  readonly messages: PersistentMap<string, MessageState | null>;
  /** The generation before: what nothing has touched since the last rotation. */
  readonly olderMessages: PersistentMap<string, MessageState | null>;
  /** Where the older generation was closed: every event that touched what it holds is at or before this. */
  readonly olderThrough: Position;
  /**
   * Messages and commands that are not held were last touched at or before this position. `startOfLog` while nothing was
   * forgotten, as after a fold from the stream's start: what is not held then is not there.
   */
  readonly forgottenThrough: Position;
}

export const initialGroupState: GroupState = {
  exists: false,
  name: '',
  members: PersistentMap(),
  memberCount: 0,
  ownerCount: 0,
  lastSeq: 0,
  messages: PersistentMap(),
  olderMessages: PersistentMap(),
  commands: PersistentMap(),
  olderCommands: PersistentMap(),
  olderThrough: startOfLog,
  forgottenThrough: startOfLog,
};

export const reactionKey = (emoji: string, userId: string): string => `${emoji} ${userId}`;

export function activeMember(state: GroupState, userId: string): Member | undefined {
  const member = state.members.get(userId);
  return member?.active ? member : undefined;
}

/** The message as this state knows it; `null` where it must be remembered, undefined where it was not touched of late. */
export function findMessage(state: GroupState, messageId: string): MessageState | null | undefined {
  const recent = state.messages.get(messageId);
  return recent === undefined ? state.olderMessages.get(messageId) : recent;
}

export function evolveGroup(state: GroupState, event: GroupEvent, origin: EventOrigin): GroupState {
  return withCommandOf(changeGroup(state, event, origin.position), event, origin);
}

function changeGroup(state: GroupState, event: GroupEvent, position: Position | undefined): GroupState {
  switch (event.type) {
    case 'GroupCreated':
      return { ...state, exists: true, name: event.data.name };
    case 'GroupRenamed':
      return { ...state, name: event.data.name };
    case 'MembersAdded':
      return withMembers(
        state,
        state.members.withMutations((members) => {
          for (const { userId, name, role } of event.data.members) {
            members.set(userId, {
              name,
              role,
              active: true,
              afterSeq: event.data.afterSeq,
              returned: members.has(userId),
            });
          }
        }),
        event.data.memberCount,
        state.ownerCount + event.data.members.filter(({ role }) => role === 'owner').length,
      );
    case 'MemberLeft':
    case 'MemberRemoved': {
      const member = state.members.get(event.data.userId);
      if (member === undefined) return state;
      const members = state.members.set(event.data.userId, { ...member, active: false });
      return withMembers(state, members, event.data.memberCount, state.ownerCount - (member.role === 'owner' ? 1 : 0));
    }
    case 'MemberRoleChanged': {
      const member = state.members.get(event.data.userId);
      if (member === undefined) return state;
      const members = state.members.set(event.data.userId, { ...member, role: event.data.role });
      const owners = Number(event.data.role === 'owner') - Number(member.role === 'owner');
      return withMembers(state, members, state.memberCount, state.ownerCount + owners);
    }
    case 'MemberRenamed': {
      const member = state.members.get(event.data.userId);
      if (member === undefined) return state;
      return { ...state, members: state.members.set(event.data.userId, { ...member, name: event.data.name }) };
    }
    case 'MessageSent': {
      const { messageId, seq, authorId, text, replyTo, mentions } = event.data;
      const reactions = PersistentSet<string>();
      const message = { seq, authorId, text, replyTo, mentions, edited: false, position, reactions };
      return { ...state, lastSeq: seq, messages: state.messages.set(messageId, message) };
    }
    case 'MessageEdited':
      return changeMessage(state, event.data.messageId, { text: event.data.text, edited: true });
    case 'MessageDeleted':
      return changeMessage(state, event.data.messageId, { text: null });
    case 'ReactionAdded':
    case 'ReactionRemoved': {
      const { messageId, emoji, userId } = event.data;
      const key = reactionKey(emoji, userId);
      const before = findMessage(state, messageId)?.reactions;
      const reactions = event.type === 'ReactionAdded' ? before?.add(key) : before?.delete(key);
      return changeMessage(state, messageId, reactions === undefined ? {} : { reactions });
    }
    default:
      return event satisfies never;
  }
}

function withMembers(
  state: GroupState,
  members: GroupState['members'],
  memberCount: number,
  ownerCount: number,
): GroupState {
  return { ...state, members, memberCount, ownerCount };
}

function changeMessage(state: GroupState, messageId: string, change: Partial<MessageState>): GroupState {
  const message = findMessage(state, messageId);
  const changed = message ? { ...message, ...change } : null;
  return { ...state, messages: state.messages.set(messageId, changed) };
}
