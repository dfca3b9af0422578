import { firstUnreadSeq, unreadCount } from '../../delivery/unread.ts';
import type { GroupRow } from '../../ports/rows.ts';
import type { RequestContext } from '../context.ts';
import { forMember } from '../for-member.ts';
import { maximumMentions } from '../list-loaders.ts';
import { costing } from './field-cost.ts';
import { groupMember } from './member-type.ts';
import { type MembershipNode, membershipRef, roleEnum } from './types.ts';

membershipRef.implement({
  description: 'Where the caller stands in a group.',
  fields: (t) => ({
    role: t.expose('role', { type: roleEnum, description: 'What the caller may do in the group.' }),
    markedUpTo: t.exposeInt('markedUpTo', { description: 'The caller’s high-water mark; 0 before anything was read.' }),
    unreadCount: t.int({
      description: 'Messages after the mark, or after joining.',
      resolve: ({ lastSeq, readUpTo }) => unreadCount(lastSeq, readUpTo),
    }),
    firstUnreadSeq: t.int({
      nullable: true,
      description: 'The seq of the first of these messages, where the line goes; null where there is none.',
      resolve: ({ lastSeq, readUpTo }) => firstUnreadSeq(lastSeq, readUpTo),
    }),
    unreadMentionCount: t.int({
      description: `How many of these messages mention the caller, by name or by @all; at most ${maximumMentions} are counted.`,
      extensions: costing({ own: 10 }),
      resolve: ({ groupId, lastSeq, readUpTo }, _, context) =>
        unreadCount(lastSeq, readUpTo) === 0
          ? 0
          : forMember(context, groupId, () => context.loaders.mentionsAfter(groupId, readUpTo)),
    }),
  }),
});

/** Null once the caller is no longer a member. */
export async function membership(
  { groupId }: GroupRow,
  _: object,
  context: RequestContext,
): Promise<MembershipNode | null> {
  const viewer = context.viewer();
  const { services, policy, reach } = context;
  const member = await groupMember(context, groupId, viewer.userId);
  if (!member.active && (await policy.refuseDelivery(viewer, groupId)) === undefined) {
    // One who is here now was not at the answer's moment: it is to be a newer one.
    await reach((await services.commands.group(groupId)).position);
    return null;
  }
  const counts = await services.counts.of(groupId);
  const reading = counts.reading(viewer.userId);
  if (!member.active || !reading?.active) return null;
  const { markedUpTo, memberAfterSeq } = reading;
  const readUpTo = Math.max(markedUpTo, memberAfterSeq);
  return { groupId, role: member.role, markedUpTo, readUpTo, lastSeq: counts.lastSeq() };
}
