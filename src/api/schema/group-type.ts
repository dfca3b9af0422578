import type { GroupRow } from '../../ports/rows.ts';
import type { RequestContext } from '../context.ts';
import { forMember } from '../for-member.ts';
import { encodeNodeId } from '../node-id.ts';
import { bothWays } from './connection-arguments.ts';
import { costing } from './field-cost.ts';
import { knownMember } from './member-type.ts';
import { membersByDefault, membersPage } from './members-page.ts';
import { membership } from './membership-type.ts';
import { messageBehind } from './projected-rows.ts';
import { timelinePage } from './timeline-page.ts';
import {
  groupRef,
  idDescription,
  memberConnection,
  memberRef,
  membershipRef,
  messageConnection,
  messageRef,
  nodeInterface,
} from './types.ts';
import { dependsOnViewer } from './viewer-fields.ts';

groupRef.implement({
  description: 'A group as its present members see it.',
  interfaces: [nodeInterface],
  fields: (t) => ({
    id: t.id({ description: idDescription, resolve: ({ groupId }) => encodeNodeId({ type: 'Group', groupId }) }),
    groupId: t.exposeID('groupId', { description: 'What inputs take: chosen by whoever created the group.' }),
    name: t.exposeString('name', { description: 'What the group is called; others may be called the same.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the group was created.' }),
    memberCount: t.exposeInt('memberCount', { description: 'How many are members now.' }),
    lastSeq: t.exposeInt('lastSeq', { description: 'The seq of the newest message; 0 when there is none.' }),
    version: t.exposeInt('version', {
      description: 'The version of the group’s stream that this answer shows: where a subscription may start.',
    }),
    lastMessage: t.field({
      type: messageRef,
      nullable: true,
      description: 'The newest message, also once it is deleted; null when there is none.',
      extensions: costing({ own: 3 }),
      resolve: lastMessage,
    }),
    members: t.field({
      type: memberConnection,
      description:
        'Present members, by user id, the first 50 with neither `first` nor `last`; with a query those whose name it begins, by name: for completing what somebody types.',
      args: {
        ...bothWays(),
        query: t.arg.string({
          description:
            'What a word of the name begins with, and what follows it, without regard to case or accents. Goes with first and after.',
        }),
      },
      extensions: costing({ own: 10, page: { sizes: ['first', 'last'], byDefault: membersByDefault } }),
      resolve: membersPage,
    }),
    member: t.field({
      type: memberRef,
      nullable: true,
      description: 'Somebody who is or was in the group; null for anybody else.',
      args: { userId: t.arg.id({ required: true, description: 'Who it is.' }) },
      extensions: costing({ own: 3 }),
      resolve: ({ groupId }, { userId }, context) =>
        forMember(context, groupId, () => knownMember(context, groupId, userId)),
    }),
    timeline: t.field({
      type: messageConnection,
      description: 'Messages in the order of their seq. With neither `first` nor `last` the newest 50.',
      args: {
        ...bothWays(),
        around: t.arg.int({
          description:
            'A page with the message of this seq in its middle, `first` messages long or 50. Beyond the newest message it is the newest page.',
        }),
      },
      extensions: costing({ own: 10, page: { sizes: ['first', 'last'], byDefault: 50 } }),
      resolve: timelinePage,
    }),
    membership: t.field({
      type: membershipRef,
      nullable: true,
      description: 'The caller’s own; null once they are no longer a member. Depends on the viewer.',
      extensions: { ...costing({ own: 5 }), ...dependsOnViewer },
      resolve: membership,
    }),
  }),
});

async function lastMessage({ groupId, lastSeq }: GroupRow, _: object, context: RequestContext) {
  if (lastSeq === 0) return null;
  const row = await forMember(context, groupId, () => context.loaders.messageBySeq(groupId, lastSeq));
  return row ?? Promise.reject(messageBehind());
}
