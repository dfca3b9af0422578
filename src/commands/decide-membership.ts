import type { GroupEvent } from '../events/event.ts';
import { type AddedMember, maximumMembersPerEvent } from '../events/membership.ts';
import { hashCreation } from '../events/text-hash.ts';
import type { Role } from '../events/values.ts';
import type { CommandEnvelope } from './decider.ts';
import { activeMember, type GroupState, type Member } from './group-state.ts';
import { limits } from './limits.ts';
import { type Decision, type Refusal, refuse } from './refusal.ts';
import { refuseName } from './written-text.ts';

export interface MemberToAdd {
  readonly userId: string;
  readonly name?: string | undefined;
  readonly role?: Role | undefined;
}

export type CreateGroup = CommandEnvelope & {
  readonly type: 'CreateGroup';
  readonly name: string;
  readonly groupId: string;
  readonly creatorName?: string | undefined;
  readonly members: readonly MemberToAdd[];
};
export type RenameGroup = CommandEnvelope & { readonly type: 'RenameGroup'; readonly name: string };
export type AddMembers = CommandEnvelope & { readonly type: 'AddMembers'; readonly members: readonly MemberToAdd[] };
export type RemoveMember = CommandEnvelope & { readonly type: 'RemoveMember'; readonly userId: string };
export type LeaveGroup = CommandEnvelope & { readonly type: 'LeaveGroup' };
export type ChangeMemberRole = CommandEnvelope & {
  readonly type: 'ChangeMemberRole';
  readonly userId: string;
  readonly role: Role;
};
export type RenameMember = CommandEnvelope & {
  readonly type: 'RenameMember';
  readonly userId: string;
  readonly name: string;
};

/** The actor's membership, or why they may do nothing here. A stranger learns nothing, not even that the group exists. */
export function requireMember(state: GroupState, actorId: string): Member | { readonly refused: Refusal } {
  const member = state.members.get(actorId);
  if (!state.exists || member === undefined) return refuse({ kind: 'group-not-found' });
  return member.active ? member : refuse({ kind: 'no-longer-a-member' });
}

const mayManageMembers = (role: Role): boolean => role === 'owner' || role === 'admin';

/**
 * Creating a group again by whoever has created it, under the name of then, is a repetition and changes nothing, whatever
 * the group is called by now and whether they are still there; but for adding whom the group has never seen: many members
 * take several appends, of which a fault may have let only the first through.
 */
export function createGroup(command: CreateGroup, state: GroupState): Decision<GroupEvent> {
  if (state.exists) {
    const repeated = state.creationHash === hashCreation(command.actorId, command.name);
    if (!repeated) return refuse({ kind: 'group-exists' });
    const missing = command.members.filter(({ userId }) => !state.members.has(userId));
    if (missing.length === 0) return [];
    // Adding needs what it needs now.
    const isOwner = activeMember(state, command.actorId)?.role === 'owner';
    return isOwner ? addToGroup(missing, state) : refuse({ kind: 'group-exists' });
  }
  const tooMany = refuseTooMany(command.members);
  if (tooMany !== undefined) return tooMany;
  const badName = refuseName('name', command.name);
  if (badName !== undefined) return badName;
  const added = addToGroup(firstMembers(command), state);
  if ('refused' in added) return added;
  return [{ type: 'GroupCreated', data: { groupId: command.groupId, name: command.name } }, ...added];
}

/** The creator is the first of a group's members. */
function firstMembers({ actorId, creatorName, members }: CreateGroup): readonly MemberToAdd[] {
  const creator: MemberToAdd = { userId: actorId, name: creatorName, role: 'owner' };
  return [creator, ...members.filter(({ userId }) => userId !== actorId)];
}

/** Goes on with a creation that was broken off, whatever the group is called by now. */
export function createTheRest(command: CreateGroup, addedUpTo: string, state: GroupState): Decision<GroupEvent> {
  const mayAdd = addedUpTo === '' || activeMember(state, command.actorId)?.role === 'owner';
  return mayAdd ? addToGroup(membersAfter(firstMembers(command), addedUpTo), state) : refuse({ kind: 'group-exists' });
}

export function restOf(command: AddMembers, addedUpTo: string): AddMembers {
  return { ...command, members: membersAfter(command.members, addedUpTo) };
}

/** Members are added in the order of the list, and one who is on it twice where they come first. */
function membersAfter(members: readonly MemberToAdd[], addedUpTo: string): readonly MemberToAdd[] {
  const seen = new Set<string>();
  const each = members.filter(({ userId }) => !seen.has(userId) && seen.add(userId));
  return each.slice(each.findIndex(({ userId }) => userId === addedUpTo) + 1);
}

/** An owner or an admin may rename the group. */
export function renameGroup(command: RenameGroup, state: GroupState): Decision<GroupEvent> {
  const actor = requireMember(state, command.actorId);
  if ('refused' in actor) return actor;
  if (!mayManageMembers(actor.role)) return refuse({ kind: 'forbidden', needs: 'owner or admin' });
  return refuseName('name', command.name) ?? (command.name === state.name ? [] : [renamed(command.name)]);
}

const renamed = (name: string): GroupEvent => ({ type: 'GroupRenamed', data: { name } });

/** An owner or an admin may add people; only an owner may add owners and admins. Members already are left as they are. */
export function addMembers(command: AddMembers, state: GroupState): Decision<GroupEvent> {
  const actor = requireMember(state, command.actorId);
  if ('refused' in actor) return actor;
  if (!mayManageMembers(actor.role)) return refuse({ kind: 'forbidden', needs: 'owner or admin' });
  const elevated = command.members.some(({ role }) => role !== undefined && role !== 'member');
  if (elevated && actor.role !== 'owner') return refuse({ kind: 'forbidden', needs: 'owner' });
  return refuseTooMany(command.members) ?? addToGroup(command.members, state);
}

function refuseTooMany(members: readonly MemberToAdd[]): { readonly refused: Refusal } | undefined {
  if (members.length <= limits.membersPerCommand) return undefined;
  return refuse({ kind: 'bad-value', field: 'members', problem: `at most ${limits.membersPerCommand} at once` });
}

function addToGroup(
  members: readonly MemberToAdd[],
  state: GroupState,
): readonly GroupEvent[] | { readonly refused: Refusal } {
  const added = new Map<string, AddedMember>();
  for (const { userId, name: given, role = 'member' } of members) {
    const badName = given === undefined ? undefined : refuseName('members.name', given);
    if (badName !== undefined) return badName;
    const name = given ?? state.members.get(userId)?.name ?? userId;
    if (activeMember(state, userId) === undefined && !added.has(userId)) added.set(userId, { userId, name, role });
  }
  let memberCount = state.memberCount;
  return chunks([...added.values()]).map((chunk) => {
    memberCount += chunk.length;
    return { type: 'MembersAdded', data: { members: chunk, afterSeq: state.lastSeq, memberCount } };
  });
}

/** A UTF-16 unit of a name is at most 3 bytes of UTF-8, so an event of this many stays well under an append's limit. */
const maximumUnitsPerEvent = 200_000;

function chunks(members: readonly AddedMember[]): AddedMember[][] {
  const all: AddedMember[][] = [];
  let units = Number.POSITIVE_INFINITY;
  for (const member of members) {
    const more = member.userId.length + member.name.length + 40;
    const last = all.at(-1);
    if (last === undefined || last.length === maximumMembersPerEvent || units + more > maximumUnitsPerEvent) {
      all.push([member]);
      units = more;
    } else {
      last.push(member);
      units += more;
    }
  }
  return all;
}

/** An owner may remove anybody else, an admin may remove members. Removing one who is not there changes nothing. */
export function removeMember(command: RemoveMember, state: GroupState): Decision<GroupEvent> {
  const actor = requireMember(state, command.actorId);
  if ('refused' in actor) return actor;
  const target = state.members.get(command.userId);
  const allowed = actor.role === 'owner' || (actor.role === 'admin' && (target?.role ?? 'member') === 'member');
  if (!allowed) return refuse({ kind: 'forbidden', needs: 'owner, or admin for a member' });
  if (target === undefined) return refuse({ kind: 'target-not-a-member', userId: command.userId });
  if (!target.active) return [];
  if (target.role === 'owner' && state.ownerCount === 1) return refuseLastOwner(state);
  return [{ type: 'MemberRemoved', data: departure(command.userId, state) }];
}

/** A group with members has an owner. One who is alone in it has nobody to make one, and may leave. */
const refuseLastOwner = ({ memberCount }: GroupState): { readonly refused: Refusal } =>
  refuse({ kind: memberCount > 1 ? 'last-owner' : 'last-member' });

/**
 * Anybody may leave, but the last owner only when nobody else is left: then nobody owns the group, and nobody can come
 * back. Leaving again changes nothing.
 */
export function leaveGroup(command: LeaveGroup, state: GroupState): Decision<GroupEvent> {
  const actor = requireMember(state, command.actorId);
  if ('refused' in actor) return actor.refused.kind === 'no-longer-a-member' ? [] : actor;
  const abandons = actor.role === 'owner' && state.ownerCount === 1 && state.memberCount > 1;
  if (abandons) return refuse({ kind: 'last-owner' });
  return [{ type: 'MemberLeft', data: departure(command.actorId, state) }];
}

const departure = (userId: string, state: GroupState) => ({
  userId,
  afterSeq: state.lastSeq,
  memberCount: state.memberCount - 1,
});

/** Only an owner changes roles, and one owner always remains. */
export function changeMemberRole(command: ChangeMemberRole, state: GroupState): Decision<GroupEvent> {
  const actor = requireMember(state, command.actorId);
  if ('refused' in actor) return actor;
  if (actor.role !== 'owner') return refuse({ kind: 'forbidden', needs: 'owner' });
  const target = activeMember(state, command.userId);
  if (target === undefined) return refuse({ kind: 'target-not-a-member', userId: command.userId });
  if (target.role === command.role) return [];
  if (target.role === 'owner' && state.ownerCount === 1) return refuseLastOwner(state);
  return [{ type: 'MemberRoleChanged', data: { userId: command.userId, role: command.role } }];
}

/** A member may change their own name in the group; owners and admins may change anybody's. */
export function renameMember(command: RenameMember, state: GroupState): Decision<GroupEvent> {
  const actor = requireMember(state, command.actorId);
  if ('refused' in actor) return actor;
  if (command.userId !== command.actorId && !mayManageMembers(actor.role)) {
    return refuse({ kind: 'forbidden', needs: 'owner or admin' });
  }
  const target = activeMember(state, command.userId);
  if (target === undefined) return refuse({ kind: 'target-not-a-member', userId: command.userId });
  const badName = refuseName('name', command.name);
  if (badName !== undefined) return badName;
  if (target.name === command.name) return [];
  return [{ type: 'MemberRenamed', data: { userId: command.userId, name: command.name } }];
}
