import { fillPage } from '../../delivery/fill-page.ts';
import { unreadCount } from '../../delivery/inbox-source.ts';
import type { InboxRow, MentionRow } from '../../ports/rows.ts';
import type { RequestContext } from '../context.ts';
import { decodeNumberCursor, encodeCursor } from '../cursor.ts';
import { ApiError, refusalError } from '../error-table.ts';
import { forMember } from '../for-member.ts';
import { requireNothingRefused } from '../refused.ts';
import { builder } from './builder.ts';
import { forwardPage, pageSize } from './connection.ts';
import { costing } from './field-cost.ts';
import { projectedGroup } from './projected-rows.ts';
import { groupRef, inboxConnection, messageConnection, messageRef } from './types.ts';

builder.queryFields((t) => ({
  group: t.field({
    type: groupRef,
    nullable: true,
    extensions: costing({ own: 5 }),
    description: 'A group of which one is a member. NOT_FOUND otherwise.',
    args: { id: t.arg.id({ required: true }), atLeast: t.arg({ type: 'Position' }) },
    resolve: (_, { id, atLeast }, context) => forMember(context, id, () => projectedGroup(context, id, atLeast)),
  }),
  message: t.field({
    type: messageRef,
    nullable: true,
    extensions: costing({ own: 5 }),
    description: 'A message of a group of which one is a member. NOT_FOUND otherwise.',
    args: {
      groupId: t.arg.id({ required: true }),
      messageId: t.arg.id({ required: true, description: 'As its sender chose it; unique in its group.' }),
      atLeast: t.arg({ type: 'Position' }),
    },
    resolve: (_, { groupId, messageId, atLeast }, context) =>
      forMember(context, groupId, async () => {
        requireNothingRefused(await context.services.freshness.atLeast(atLeast));
        const row = await context.loaders.message(groupId, messageId);
        return row ?? Promise.reject(refusalError({ kind: 'message-not-found' }));
      }),
  }),
  inbox: t.field({
    type: inboxConnection,
    description: 'The caller’s groups, the one with the newest message first.',
    args: {
      first: t.arg.int({ defaultValue: 50 }),
      after: t.arg.string(),
      atLeast: t.arg({ type: 'Position' }),
    },
    extensions: costing({ own: 20, page: { sizes: ['first'], byDefault: 50 } }),
    resolve: inbox,
  }),
  mentions: t.field({
    type: messageConnection,
    description: 'Messages that mention the caller, by name or by @all, newest first.',
    args: { first: t.arg.int({ defaultValue: 50 }), after: t.arg.string() },
    extensions: costing({ own: 50, page: { sizes: ['first'], byDefault: 50 } }),
    resolve: async (_, { first, after }, context) => {
      const viewer = context.viewer();
      const size = pageSize('first', first, 50);
      const list = `mentions:${viewer.userId}`;
      requireNothingRefused(await context.services.freshness.atLeast(undefined));
      const before = decodeNumberCursor(list, after);
      const { messages } = context.services;
      const rows = await fillPage<MentionRow>({
        limit: size + 1,
        read: (last) => messages.mentionsPage(viewer.userId, last?.position ?? before, size + 1),
        keep: (some) => visibleRows(context, some, ({ message }) => message.groupId),
      });
      return forwardPage(rows, size, after, ({ position, message }) => ({
        cursor: encodeCursor(list, position),
        node: message,
      }));
    },
  }),
  search: t.field({
    type: messageConnection,
    description:
      'Messages of a group that hold every word, newest first; whole words, without regard to case or accents.',
    args: {
      groupId: t.arg.id({ required: true }),
      text: t.arg.string({ required: true }),
      first: t.arg.int({ defaultValue: 20 }),
      after: t.arg.string(),
    },
    extensions: costing({ own: 100, page: { sizes: ['first'], byDefault: 20 } }),
    resolve: search,
  }),
}));

interface InboxArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly atLeast?: number | null | undefined;
}

async function inbox(_: unknown, { first, after, atLeast }: InboxArguments, context: RequestContext) {
  const viewer = context.viewer();
  const size = pageSize('first', first, 50);
  const list = `inbox:${viewer.userId}`;
  requireNothingRefused(await context.services.freshness.atLeast(atLeast));
  const { readModels } = context.services;
  const before = decodeNumberCursor(list, after);
  const rows = await fillPage<InboxRow>({
    limit: size + 1,
    read: (last) => readModels.inboxPage(viewer.userId, last?.activityPosition ?? before, size + 1),
    keep: (some) => visibleRows(context, some, ({ group }) => group.groupId),
  });
  return forwardPage(rows, size, after, ({ group, member, activityPosition }) => ({
    cursor: encodeCursor(list, activityPosition),
    node: {
      groupId: group.groupId,
      lastSeq: group.lastSeq,
      markedUpTo: member.markedUpTo,
      unreadCount: unreadCount(group.lastSeq, member.markedUpTo, member.stays.at(-1)?.from ?? 0),
      left: false,
    },
  }));
}

/** The rows can be older than the rights: of a group that one has left meanwhile nothing is told. */
async function visibleRows<Row>(context: RequestContext, rows: readonly Row[], groupIdOf: (row: Row) => string) {
  const visible = await context.policy.visible(context.viewer(), [...new Set(rows.map(groupIdOf))]);
  return rows.filter((row) => visible.has(groupIdOf(row)));
}

interface SearchArguments {
  readonly groupId: string;
  readonly text: string;
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}

const longestSearch = 200;

async function search(_: unknown, { groupId, text, first, after }: SearchArguments, context: RequestContext) {
  const size = pageSize('first', first, 20);
  if (text.length > longestSearch) throw new ApiError('BAD_INPUT', `text is longer than ${longestSearch} characters.`);
  const list = `search:${groupId}:${text}`;
  const before = decodeNumberCursor(list, after);
  const rows = await forMember(context, groupId, async () => {
    requireNothingRefused(await context.services.freshness.atLeast(undefined));
    return context.services.messages.search([groupId], text, before, size + 1);
  });
  return forwardPage(rows, size, after, (node) => ({ cursor: encodeCursor(list, node.sentPosition), node }));
}
