import { unreadCount } from '../../delivery/inbox-source.ts';
import type { GroupRow, MemberRow, MessageRow } from '../../ports/rows.ts';
import type { RequestContext } from '../context.ts';
import { decodeNumberCursor, decodeTextCursor, encodeCursor, type ListName } from '../cursor.ts';
import { forMember } from '../for-member.ts';
import { encodeNodeId } from '../node-id.ts';
import {
  besidePage,
  type Connection,
  forwardPage,
  type PageArguments,
  pageRange,
  pageSize,
  type Range,
} from './connection.ts';
import { bothWays, forwardArguments } from './connection-arguments.ts';
import { costing } from './field-cost.ts';
import { groupMember } from './member-type.ts';
import {
  groupRef,
  idDescription,
  type MemberNode,
  memberConnection,
  membershipRef,
  messageConnection,
  nodeInterface,
  roleEnum,
} from './types.ts';

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
    members: t.field({
      type: memberConnection,
      description: 'Present members, by user id.',
      args: forwardArguments(50),
      extensions: costing({ own: 10, page: { sizes: ['first'], byDefault: 50 } }),
      resolve: async ({ groupId }, { first, after }, context) => {
        const list: ListName = ['members', groupId];
        const { readModels } = context.services;
        return forwardPage<MemberRow, string, MemberNode>(
          {
            list,
            read: (key, limit) => forMember(context, groupId, () => readModels.membersPage(groupId, key, limit)),
            keyOf: ({ userId }) => userId,
            nodeOf: (row) => row,
          },
          { size: pageSize('first', first, 50), after: decodeTextCursor(list, after) },
        );
      },
    }),
    timeline: t.field({
      type: messageConnection,
      description: 'Messages in the order of their seq. With neither `first` nor `last` the newest 50.',
      args: bothWays(),
      extensions: costing({ own: 10, page: { sizes: ['first', 'last'], byDefault: 50 } }),
      resolve: timeline,
    }),
    membership: t.field({
      type: membershipRef,
      nullable: true,
      description: 'The caller’s own; null once they are no longer a member.',
      extensions: costing({ own: 5 }),
      resolve: membership,
    }),
  }),
});

membershipRef.implement({
  description: 'Where the caller stands in a group.',
  fields: (t) => ({
    role: t.expose('role', { type: roleEnum, description: 'What the caller may do in the group.' }),
    markedUpTo: t.exposeInt('markedUpTo', { description: 'The caller’s high-water mark; 0 before anything was read.' }),
    unreadCount: t.exposeInt('unreadCount', { description: 'Messages after the mark, or after joining.' }),
  }),
});

/** Every seq from 1 to the newest is a message, so a page's bounds are arithmetic. */
async function timeline(
  { groupId, lastSeq }: GroupRow,
  { first, after, last, before }: PageArguments,
  context: RequestContext,
): Promise<Connection<MessageRow>> {
  const list: ListName = ['timeline', groupId];
  const ends = { after: decodeNumberCursor(list, after), before: decodeNumberCursor(list, before) };
  const range = pageRange(lastSeq, { first, last, ...ends }, 50);
  const rows = await forMember(context, groupId, () => timelineRows(context, groupId, range));
  return {
    edges: rows.map((node) => ({ cursor: encodeCursor(list, node.seq), node })),
    ...besidePage(range, lastSeq),
  };
}

async function timelineRows({ services }: RequestContext, groupId: string, { from, to }: Range) {
  const page = { fromSeq: from, toSeq: to, limit: to - from + 1, last: false };
  return page.limit < 1 ? [] : services.messages.timelinePage(groupId, page);
}

async function membership({ groupId }: GroupRow, _: object, context: RequestContext) {
  const viewer = context.viewer();
  const member = await groupMember(context, groupId, viewer.userId);
  const counts = await context.services.counts.of(groupId);
  const reading = counts.reading(viewer.userId);
  if (!member.active || !reading?.active) return null;
  const { markedUpTo, memberAfterSeq } = reading;
  return { role: member.role, markedUpTo, unreadCount: unreadCount(counts.lastSeq(), markedUpTo, memberAfterSeq) };
}
