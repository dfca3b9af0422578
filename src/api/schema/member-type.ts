import type { RequestContext } from '../context.ts';
import { builder } from './builder.ts';
import { type MemberNode, memberRef, roleEnum, userRef } from './types.ts';

userRef.implement({
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name', { nullable: true, description: 'As the token says it, for oneself; else null.' }),
  }),
});

memberRef.implement({
  description: 'A person in a group, also after leaving: authors stay authors.',
  fields: (t) => ({
    id: t.id({ resolve: ({ groupId, userId }) => `${groupId}/${userId}` }),
    userId: t.exposeID('userId'),
    name: t.exposeString('name', { description: 'What the person is called in this group.' }),
    role: t.expose('role', { type: roleEnum }),
    isPresent: t.exposeBoolean('active', { description: 'False after leaving.' }),
  }),
});

builder.queryField('me', (t) =>
  t.field({
    type: userRef,
    description: 'Whom the token names.',
    resolve: (_, __, context) => {
      const { userId, name } = context.viewer();
      return { id: userId, name };
    },
  }),
);

/** From the group's warm state, so that neither a page nor a delivery reads a row per author. */
export async function groupMember(context: RequestContext, groupId: string, userId: string): Promise<MemberNode> {
  const { state } = await context.services.commands.group(groupId);
  const member = state.members.get(userId);
  // An author is always a member of the group's state; this answers for a log that somebody else has written.
  if (member === undefined) return { groupId, userId, name: userId, role: 'member', active: false };
  return { groupId, userId, name: member.name, role: member.role, active: member.active };
}
