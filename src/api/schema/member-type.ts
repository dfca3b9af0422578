import type { GroupState } from '../../commands/group-state.ts';
import type { RequestContext } from '../context.ts';
import { encodeNodeId } from '../node-id.ts';
import { idDescription, type MemberNode, memberRef, nodeInterface, roleEnum } from './types.ts';

memberRef.implement({
  description: 'A person in a group, also after leaving: authors stay authors.',
  interfaces: [nodeInterface],
  fields: (t) => ({
    id: t.id({
      description: idDescription,
      resolve: ({ groupId, userId }) => encodeNodeId({ type: 'Member', groupId, userId }),
    }),
    userId: t.exposeID('userId', { description: 'Who it is: the same person has the same one in every group.' }),
    name: t.exposeString('name', { description: 'What the person is called in this group.' }),
    role: t.expose('role', { type: roleEnum, description: 'What they may do in this group.' }),
    isPresent: t.exposeBoolean('active', { description: 'False after leaving.' }),
  }),
});

/** A person as they are in the group at the answer's moment, present or gone. Those of a page are read together. */
export async function groupMember(context: RequestContext, groupId: string, userId: string): Promise<MemberNode> {
  // An author always is one; this answers for a log that somebody else has written.
  const nobody: MemberNode = { groupId, userId, name: userId, role: 'member', active: false };
  return (await context.loaders.member(groupId, userId)) ?? nobody;
}

/** Undefined for one who never was a member. */
export function memberOf(state: GroupState, groupId: string, userId: string): MemberNode | undefined {
  const member = state.members.get(userId);
  return member && { groupId, userId, name: member.name, role: member.role, active: member.active };
}

/** The same, and null for one who never was a member. */
export async function knownMember(
  context: RequestContext,
  groupId: string,
  userId: string,
): Promise<MemberNode | null> {
  const { state } = await context.services.commands.group(groupId);
  return memberOf(state, groupId, userId) ?? null;
}
