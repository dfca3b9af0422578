import type { ReactionCount } from '../../ports/rows.ts';
import type { RequestContext } from '../context.ts';
import { decodeTextCursor, type ListName } from '../cursor.ts';
import { forMember } from '../for-member.ts';
import { forwardPage, type PageArguments, pageSize } from './connection.ts';
import { forwardArguments } from './connection-arguments.ts';
import { costing } from './field-cost.ts';
import { groupMember } from './member-type.ts';
import { memberConnection, reactionRef } from './types.ts';
import { dependsOnViewer } from './viewer-fields.ts';

const byDefault = 10;

reactionRef.implement({
  description: 'One emoji under a message.',
  fields: (t) => ({
    emoji: t.exposeString('emoji', { description: 'What was reacted with.' }),
    count: t.exposeInt('count', { description: 'How many stand behind it.' }),
    members: t.field({
      type: memberConnection,
      description: 'Who stands behind it, by user id, also if they have left.',
      args: forwardArguments(byDefault),
      extensions: costing({ own: 3, page: { sizes: ['first'], byDefault } }),
      resolve: members,
    }),
    viewerHasReacted: t.boolean({
      description: 'Whether the caller stands behind it. Depends on the viewer.',
      extensions: { ...costing({ own: 2 }), ...dependsOnViewer },
      resolve: (reaction, _, context) =>
        forMember(context, reaction.groupId, () => context.loaders.hasReacted(reaction)),
    }),
  }),
});

function members(reaction: ReactionCount, { first, after }: PageArguments, context: RequestContext) {
  const { groupId, seq, emoji } = reaction;
  const list: ListName = ['reaction', groupId, seq, emoji];
  return forwardPage(
    {
      list,
      read: (key: string | undefined, limit) =>
        forMember(context, groupId, () => context.loaders.reactionMembers(reaction, key, limit)),
      keyOf: ({ userId }) => userId,
      nodeOf: ({ userId }) => groupMember(context, groupId, userId),
    },
    { size: pageSize('first', first, byDefault), after: decodeTextCursor(list, after) },
  );
}
