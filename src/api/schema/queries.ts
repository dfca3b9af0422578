import { fillPage } from '../../delivery/fill-page.ts';
import type { InboxEntry } from '../../delivery/inbox-source.ts';
import { unreadCount } from '../../delivery/unread.ts';
import type { InboxRow, MentionRow, MessageRow } from '../../ports/rows.ts';
import type { RequestContext } from '../context.ts';
import { decodeNumberCursor, type ListName } from '../cursor.ts';
import { refusalError } from '../error-table.ts';
import { forMember } from '../for-member.ts';
import { requireNothingRefused } from '../refused.ts';
import { builder } from './builder.ts';
import { type Connection, forwardPage, pageSize } from './connection.ts';
import { atLeastArgument, forwardArguments } from './connection-arguments.ts';
import { costing } from './field-cost.ts';
import { projectedGroup } from './projected-rows.ts';
import { groupRef, inboxConnection, messageConnection, messageRef } from './types.ts';
import { dependsOnViewer } from './viewer-fields.ts';

builder.queryFields((t) => ({
  group: t.field({
    type: groupRef,
    nullable: true,
    extensions: costing({ own: 5 }),
    description: 'A group of which one is a member. NOT_FOUND otherwise.',
    args: { groupId: t.arg.id({ required: true, description: 'As it was created.' }), ...atLeastArgument() },
    resolve: (_, { groupId, atLeast }, context) =>
      forMember(context, groupId, () => projectedGroup(context, groupId, atLeast)),
  }),
  message: t.field({
    type: messageRef,
    nullable: true,
    extensions: costing({ own: 5 }),
    description: 'A message of a group of which one is a member. NOT_FOUND otherwise.',
    args: {
      groupId: t.arg.id({ required: true, description: 'The group that it was sent to.' }),
      messageId: t.arg.id({ required: true, description: 'As its sender chose it; unique in its group.' }),
      ...atLeastArgument(),
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
    nullable: true,
    description: 'The caller’s groups, the one with the newest message first. Depends on the viewer.',
    args: { ...forwardArguments(50), ...atLeastArgument() },
    extensions: { ...costing({ own: 20, page: { sizes: ['first'], byDefault: 50 } }), ...dependsOnViewer },
    resolve: inbox,
  }),
  mentions: t.field({
    type: messageConnection,
    nullable: true,
    description: 'Messages that mention the caller, by name or by @all, newest first. Depends on the viewer.',
    args: { ...forwardArguments(50), ...atLeastArgument() },
    extensions: { ...costing({ own: 50, page: { sizes: ['first'], byDefault: 50 } }), ...dependsOnViewer },
    resolve: mentions,
  }),
}));

interface ForwardArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly atLeast?: number | null | undefined;
}

async function inbox(
  _: unknown,
  { first, after, atLeast }: ForwardArguments,
  context: RequestContext,
): Promise<Connection<InboxEntry>> {
  const viewer = context.viewer();
  const list: ListName = ['inbox', viewer.userId];
  const page = { size: pageSize('first', first, 50), after: decodeNumberCursor(list, after) };
  requireNothingRefused(await context.services.freshness.atLeast(atLeast));
  const { readModels } = context.services;
  const read = (before: number | undefined, limit: number) =>
    fillPage<InboxRow>({
      limit,
      read: (last) => readModels.inboxPage(viewer.userId, last?.activityPosition ?? before, limit),
      keep: (some) => visibleRows(context, some, ({ group }) => group.groupId),
    });
  return forwardPage({ list, read, keyOf: ({ activityPosition }) => activityPosition, nodeOf: inboxEntry }, page);
}

const inboxEntry = ({ group, member }: InboxRow): InboxEntry => ({
  groupId: group.groupId,
  lastSeq: group.lastSeq,
  markedUpTo: member.markedUpTo,
  unreadCount: unreadCount(group.lastSeq, Math.max(member.markedUpTo, member.stays.at(-1)?.from ?? 0)),
  left: false,
});

async function mentions(
  _: unknown,
  { first, after, atLeast }: ForwardArguments,
  context: RequestContext,
): Promise<Connection<MessageRow>> {
  const viewer = context.viewer();
  const list: ListName = ['mentions', viewer.userId];
  const page = { size: pageSize('first', first, 50), after: decodeNumberCursor(list, after) };
  requireNothingRefused(await context.services.freshness.atLeast(atLeast));
  const { messages } = context.services;
  const read = (before: number | undefined, limit: number) =>
    fillPage<MentionRow>({
      limit,
      read: (last) => messages.mentionsPage(viewer.userId, last?.position ?? before, limit),
      keep: (some) => visibleRows(context, some, ({ message }) => message.groupId),
    });
  return forwardPage({ list, read, keyOf: ({ position }) => position, nodeOf: ({ message }) => message }, page);
}

/** The rows can be older than the rights: of a group that one has left meanwhile nothing is told. */
async function visibleRows<Row>(context: RequestContext, rows: readonly Row[], groupIdOf: (row: Row) => string) {
  const visible = await context.policy.visible(context.viewer(), [...new Set(rows.map(groupIdOf))]);
  return rows.filter((row) => visible.has(groupIdOf(row)));
}
