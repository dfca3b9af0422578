import type { MessageRow } from '../../ports/rows.ts';
import type { ReadCounts } from '../../projections/read-counts.ts';
import type { RequestContext } from '../context.ts';
import { decodeTextCursor, encodeCursor } from '../cursor.ts';
import { ApiError } from '../error-table.ts';
import { forMember } from '../for-member.ts';
import { forwardPage, pageSize } from './connection.ts';
import { costing } from './field-cost.ts';
import { groupMember } from './member-type.ts';
import { projectedGroup, projectedMessage } from './projected-rows.ts';
import { explanationRef, groupRef, memberRef, messageRef, reactionRef, readerConnection, readerRef } from './types.ts';

messageRef.implement({
  fields: (t) => ({
    id: t.exposeID('messageId', { description: 'Chosen by the sender: sending it twice sends it once.' }),
    seq: t.exposeInt('seq', { description: '1, 2, 3, … within its group, without gaps.' }),
    group: t.field({
      type: groupRef,
      extensions: costing({ own: 3 }),
      resolve: ({ groupId, sentPosition }, _, context) =>
        forMember(context, groupId, () => projectedGroup(context, groupId, sentPosition)),
    }),
    author: t.field({
      type: memberRef,
      resolve: ({ groupId, authorId }, _, context) => groupMember(context, groupId, authorId),
    }),
    text: t.exposeString('text', { nullable: true, description: 'Null once deleted or erased.' }),
    sentAt: t.expose('sentAt', { type: 'DateTime' }),
    editedAt: t.expose('editedAt', { type: 'DateTime', nullable: true }),
    deletedAt: t.expose('deletedAt', { type: 'DateTime', nullable: true }),
    replyTo: t.field({
      type: messageRef,
      nullable: true,
      extensions: costing({ own: 3 }),
      // What a message replies to was there when it was sent.
      resolve: ({ groupId, replyTo, sentPosition }, _, context) =>
        replyTo === null
          ? null
          : forMember(context, groupId, () => projectedMessage(context, groupId, replyTo, sentPosition)),
    }),
    mentions: t.field({
      type: [memberRef],
      description: 'Whom the message names. A mention of @all names nobody here: see mentionsAll.',
      extensions: costing({ items: 5 }),
      resolve: ({ groupId, mentions }, _, context) =>
        Promise.all(mentions.map((userId) => groupMember(context, groupId, userId))),
    }),
    mentionsAll: t.exposeBoolean('mentionsAll', {
      description: 'True when the text says @all: everybody in the audience.',
    }),
    reactions: t.field({
      type: [reactionRef],
      extensions: costing({ own: 3, items: 5 }),
      resolve: ({ groupId, seq }, _, context) =>
        forMember(context, groupId, () => context.loaders.reactionCounts(groupId, seq)),
    }),
    readCount: t.int({
      description: 'How many of the audience have read it: exact, and it never falls.',
      resolve: async (message, _, context) => (await countsCovering(context, message)).readCount(message.seq),
    }),
    audienceCount: t.exposeInt('audienceCount', {
      description: 'Members when it was sent, without the author: fixed for ever.',
    }),
    readers: t.field({
      type: readerConnection,
      description: 'Who has read it, by user id; as of a moment, if given.',
      args: {
        first: t.arg.int({ defaultValue: 50 }),
        after: t.arg.string(),
        at: t.arg({ type: 'DateTime' }),
      },
      extensions: costing({ own: 100, page: { sizes: ['first'], byDefault: 50 } }),
      resolve: readers,
    }),
    explain: t.field({
      type: explanationRef,
      description: 'What became of the audience: audience = read + notYet + leftBeforeReading.',
      resolve: async (message, _, context) => (await countsCovering(context, message)).explain(message.seq),
    }),
  }),
});

reactionRef.implement({
  fields: (t) => ({ emoji: t.exposeString('emoji'), count: t.exposeInt('count') }),
});

readerRef.implement({
  fields: (t) => ({
    member: t.field({ type: memberRef, resolve: ({ member }) => member }),
    readAt: t.expose('readAt', { type: 'DateTime', description: 'When their mark first reached the message.' }),
  }),
});

explanationRef.implement({
  fields: (t) => ({
    audience: t.exposeInt('audience'),
    read: t.exposeInt('read'),
    notYet: t.exposeInt('notYet', { description: 'Members now, who have not read it.' }),
    leftBeforeReading: t.exposeInt('leftBeforeReading', { description: 'Gone since, without having read it.' }),
  }),
});

const patienceMilliseconds = 5_000;

/** The live counts, once the feed has reached the message: the read models can be a moment ahead of it. */
async function countsCovering(context: RequestContext, { groupId, seq }: MessageRow): Promise<ReadCounts> {
  const { services } = context;
  const counts = await services.counts.of(groupId);
  if (counts.lastSeq() >= seq) return counts;
  return forMember(context, groupId, async () => {
    const { position } = await services.commands.newestGroup(groupId);
    if (await services.feed.reached(position, patienceMilliseconds)) return services.counts.of(groupId);
    throw new ApiError('BEHIND', 'The live counts have not reached this message yet. Try again.');
  });
}

interface ReadersArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly at?: string | null | undefined;
}

async function readers({ groupId, seq }: MessageRow, { first, after, at }: ReadersArguments, context: RequestContext) {
  const size = pageSize('first', first, 50);
  const list = `readers:${groupId}:${seq}`;
  const { readModels } = context.services;
  const from = decodeTextCursor(list, after);
  const rows = await forMember(context, groupId, () =>
    readModels.readersPage({ groupId, seq }, at ?? undefined, from, size + 1),
  );
  const nodes = await Promise.all(
    rows.map(async ({ userId, readAt }) => ({ member: await groupMember(context, groupId, userId), readAt })),
  );
  return forwardPage(nodes, size, after, (node) => ({ cursor: encodeCursor(list, node.member.userId), node }));
}
