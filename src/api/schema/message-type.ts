import type { MessageRow, ReaderRow } from '../../ports/rows.ts';
import type { RequestContext } from '../context.ts';
import { decodeTextCursor, type ListName } from '../cursor.ts';
import { forMember } from '../for-member.ts';
import { encodeNodeId } from '../node-id.ts';
import { forwardPage, pageSize } from './connection.ts';
import { forwardArguments } from './connection-arguments.ts';
import { costing } from './field-cost.ts';
import { groupMember } from './member-type.ts';
import { projectedGroup, projectedMessage } from './projected-rows.ts';
import {
  explanationRef,
  groupRef,
  idDescription,
  memberRef,
  messageRef,
  nodeInterface,
  type ReaderNode,
  reactionRef,
  readerConnection,
  readerRef,
} from './types.ts';

messageRef.implement({
  description: 'A message of a group, also once it is deleted: then without its text.',
  interfaces: [nodeInterface],
  fields: (t) => ({
    id: t.id({
      description: idDescription,
      resolve: ({ groupId, messageId }) => encodeNodeId({ type: 'Message', groupId, messageId }),
    }),
    messageId: t.exposeID('messageId', {
      description: 'Chosen by the sender, unique in its group: sending it twice sends it once.',
    }),
    seq: t.exposeInt('seq', { description: '1, 2, 3, … within its group, without gaps.' }),
    group: t.field({
      type: groupRef,
      description: 'The group that it was sent to.',
      extensions: costing({ own: 3 }),
      resolve: ({ groupId, sentPosition }, _, context) =>
        forMember(context, groupId, () => projectedGroup(context, groupId, sentPosition)),
    }),
    author: t.field({
      type: memberRef,
      description: 'Who sent it, also if they have left.',
      resolve: ({ groupId, authorId }, _, context) => groupMember(context, groupId, authorId),
    }),
    text: t.exposeString('text', { nullable: true, description: 'Null once deleted or erased.' }),
    sentAt: t.expose('sentAt', { type: 'DateTime', description: 'When it was sent, by the server’s clock.' }),
    editedAt: t.expose('editedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When its text was last changed; null for one that never was.',
    }),
    deletedAt: t.expose('deletedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was deleted; null for one that is not.',
    }),
    replyTo: t.field({
      type: messageRef,
      nullable: true,
      description: 'The message of the same group that it answers.',
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
      description: 'In the order in which each emoji first stood under it.',
      extensions: costing({ own: 3, items: 5 }),
      resolve: ({ groupId, seq, messageId }, _, context) =>
        forMember(context, groupId, () => context.loaders.reactionCounts(groupId, seq, messageId)),
    }),
    readCount: t.int({
      description: 'How many of the audience have read it: exact, and it never falls.',
      resolve: async (message, _, context) =>
        (await context.services.counts.of(message.groupId)).readCount(message.seq),
    }),
    audienceCount: t.exposeInt('audienceCount', {
      description: 'Members when it was sent, without the author: fixed for ever.',
    }),
    readers: t.field({
      type: readerConnection,
      description: 'Who has read it, by user id; as of a moment, if given.',
      args: {
        ...forwardArguments(50),
        at: t.arg({ type: 'DateTime', description: 'Those who had read it by then; by now if not given.' }),
      },
      extensions: costing({ own: 100, page: { sizes: ['first'], byDefault: 50 } }),
      resolve: readers,
    }),
    explain: t.field({
      type: explanationRef,
      description: 'What became of the audience: audience = read + notYet + leftBeforeReading.',
      resolve: async (message, _, context) => (await context.services.counts.of(message.groupId)).explain(message.seq),
    }),
  }),
});

readerRef.implement({
  description: 'Somebody of a message’s audience who has read it.',
  fields: (t) => ({
    member: t.field({ type: memberRef, description: 'Who has read it.', resolve: ({ member }) => member }),
    readAt: t.expose('readAt', { type: 'DateTime', description: 'When their mark first reached the message.' }),
  }),
});

explanationRef.implement({
  description: 'What became of a message’s audience: audience = read + notYet + leftBeforeReading.',
  fields: (t) => ({
    audience: t.exposeInt('audience', { description: 'Members when it was sent, without the author.' }),
    read: t.exposeInt('read', { description: 'Have read it while they were members.' }),
    notYet: t.exposeInt('notYet', { description: 'Members now, who have not read it.' }),
    leftBeforeReading: t.exposeInt('leftBeforeReading', { description: 'Gone since, without having read it.' }),
  }),
});

interface ReadersArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly at?: string | null | undefined;
}

async function readers({ groupId, seq }: MessageRow, { first, after, at }: ReadersArguments, context: RequestContext) {
  const list: ListName = ['readers', groupId, seq, at ?? null];
  const { readModels } = context.services;
  return forwardPage<ReaderRow, string, ReaderNode>(
    {
      list,
      read: (key, limit) =>
        forMember(context, groupId, () => readModels.readersPage({ groupId, seq }, at ?? undefined, key, limit)),
      keyOf: ({ userId }) => userId,
      nodeOf: async ({ userId, readAt }) => ({ member: await groupMember(context, groupId, userId), readAt }),
    },
    { size: pageSize('first', first, 50), after: decodeTextCursor(list, after) },
  );
}
