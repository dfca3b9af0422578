import type { GroupEvent } from '../events/event.ts';
import { requireInOrder } from '../events/group-order.ts';
import {
  type AddMembers,
  addMembers,
  type ChangeMemberRole,
  type CreateGroup,
  changeMemberRole,
  createGroup,
  createTheRest,
  type LeaveGroup,
  leaveGroup,
  type RemoveMember,
  type RenameGroup,
  type RenameMember,
  removeMember,
  renameGroup,
  renameMember,
  restOf,
} from './decide-membership.ts';
import {
  type AddReaction,
  addReaction,
  type DeleteMessage,
  deleteMessage,
  type EditMessage,
  editMessage,
  type RemoveReaction,
  removeReaction,
  type SendMessage,
  sendMessage,
} from './decide-messages.ts';
import type { Decider } from './decider.ts';
import { evolveGroup, type GroupState, initialGroupState } from './group-state.ts';
import { findCommand } from './known-commands.ts';
import { type Decision, refuse } from './refusal.ts';

/** An order to a group. Whoever gives it is the `actorId`; the stream says which group. */
export type GroupCommand =
  | CreateGroup
  | RenameGroup
  | AddMembers
  | RemoveMember
  | LeaveGroup
  | ChangeMemberRole
  | RenameMember
  | SendMessage
  | EditMessage
  | DeleteMessage
  | AddReaction
  | RemoveReaction;

/**
 * A command that was carried out before is answered before anything else is asked, membership too: its actor may have
 * left since. One that was broken off between its appends goes on, under the rights of now.
 */
function decideGroup(command: GroupCommand, state: GroupState): Decision<GroupEvent> {
  const known = findCommand(state, command);
  if (known === undefined) return decideNew(command, state);
  if (known.digest !== command.commandDigest) return refuse({ kind: 'command-id-taken' });
  if (known.addedUpTo === null) return { repeated: { position: known.position } };
  return addTheRest(command, known.addedUpTo, state);
}

/** Only commands that add members need several appends. */
function addTheRest(command: GroupCommand, addedUpTo: string, state: GroupState): Decision<GroupEvent> {
  if (command.type === 'CreateGroup') return createTheRest(command, addedUpTo, state);
  if (command.type === 'AddMembers') return addMembers(restOf(command, addedUpTo), state);
  throw new Error(`a ${command.type} has one event and cannot be broken off`);
}

function decideNew(command: GroupCommand, state: GroupState): Decision<GroupEvent> {
  switch (command.type) {
    case 'CreateGroup':
      return createGroup(command, state);
    case 'RenameGroup':
      return renameGroup(command, state);
    case 'AddMembers':
      return addMembers(command, state);
    case 'RemoveMember':
      return removeMember(command, state);
    case 'LeaveGroup':
      return leaveGroup(command, state);
    case 'ChangeMemberRole':
      return changeMemberRole(command, state);
    case 'RenameMember':
      return renameMember(command, state);
    case 'SendMessage':
      return sendMessage(command, state);
    case 'EditMessage':
      return editMessage(command, state);
    case 'DeleteMessage':
      return deleteMessage(command, state);
    case 'AddReaction':
      return addReaction(command, state);
    case 'RemoveReaction':
      return removeReaction(command, state);
    default:
      return command satisfies never;
  }
}

/** What may happen in a group: its name, its members, its messages and what is done to them. */
export const groupDecider: Decider<GroupState, GroupCommand, GroupEvent> = {
  initialState: initialGroupState,
  evolve(state, event, origin) {
    requireInOrder(event, state.lastSeq);
    return evolveGroup(state, event, origin);
  },
  decide: decideGroup,
  lastAt: ({ lastAt }) => lastAt,
};

/** The messages that a command's decision looks at, which a warm group may have to remember first. */
export function messagesNeededBy(command: GroupCommand): readonly string[] {
  if (!('messageId' in command)) return [];
  return 'replyTo' in command && command.replyTo !== undefined
    ? [command.messageId, command.replyTo]
    : [command.messageId];
}
