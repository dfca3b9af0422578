import type { UnreadGroup } from '../../ports/rows.ts';
import type { RequestContext } from '../context.ts';
import { maximumMentions } from '../list-loaders.ts';
import { encodeNodeId } from '../node-id.ts';
import { requireNothingRefused } from '../refused.ts';
import { builder } from './builder.ts';
import { costing } from './field-cost.ts';
import { idDescription, nodeInterface, userRef } from './types.ts';
import { dependsOnViewer } from './viewer-fields.ts';

userRef.implement({
  description: 'A person, outside of any group.',
  interfaces: [nodeInterface],
  fields: (t) => ({
    id: t.id({ description: idDescription, resolve: ({ userId }) => encodeNodeId({ type: 'User', userId }) }),
    userId: t.exposeID('userId', { description: 'What inputs take, and tokens name.' }),
    name: t.exposeString('name', { description: 'What the person is called, as their token says it.' }),
    unreadGroupCount: t.int({
      description: 'In how many of their groups something is unread: for a badge. One row of each group is looked at.',
      extensions: costing({ own: 200 }),
      resolve: async (_, __, context) => (await unreadGroups(context)).length,
    }),
    unreadMentionCount: t.int({
      description: `How many unread messages mention them, in all of their groups; of each group at most ${maximumMentions} are counted.`,
      extensions: costing({ own: 500 }),
      resolve: async (_, __, context) => {
        const groups = await unreadGroups(context);
        await context.turns.next();
        const counts = groups.map(({ groupId, afterSeq }) => context.loaders.mentionsAfter(groupId, afterSeq));
        return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
      },
    }),
  }),
});

builder.queryField('me', (t) =>
  t.field({
    type: userRef,
    description: 'Whom the token names. Depends on the viewer.',
    extensions: dependsOnViewer,
    resolve: (_, __, context) => {
      const { userId, name } = context.viewer();
      return { userId, name };
    },
  }),
);

/**
 * Numbers without the groups' names: they are as old as the rows, which hold nothing of a group from after one has left it.
 */
async function unreadGroups({ services, loaders, turns }: RequestContext): Promise<readonly UnreadGroup[]> {
  requireNothingRefused(await services.freshness.atLeast(undefined));
  await turns.next();
  return loaders.unreadGroups();
}
