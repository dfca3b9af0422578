import { unreadCount } from '../../delivery/inbox-source.ts';
import type { GroupRow, MessageRow } from '../../ports/rows.ts';
import type { RequestContext } from '../context.ts';
import { decodeNumberCursor, decodeTextCursor, encodeCursor } from '../cursor.ts';
import { ApiError } from '../error-table.ts';
import { forMember } from '../for-member.ts';
import { type Connection, forwardPage, pageSize } from './connection.ts';
import { costing } from './field-cost.ts';
import { groupMember } from './member-type.ts';
import { groupRef, memberConnection, membershipRef, messageConnection, roleEnum } from './types.ts';

groupRef.implement({
  description: 'A group as its present members see it.',
  fields: (t) => ({
    id: t.exposeID('groupId'),
    name: t.exposeString('name'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    memberCount: t.exposeInt('memberCount'),
    lastSeq: t.exposeInt('lastSeq', { description: 'The seq of the newest message; 0 when there is none.' }),
    version: t.exposeInt('version', {
      description: 'The version of the group’s stream that this answer shows: where a subscription may start.',
    }),
    members: t.field({
      type: memberConnection,
      description: 'Present members, by user id.',
      args: { first: t.arg.int({ defaultValue: 50 }), after: t.arg.string() },
      extensions: costing({ own: 10, page: { sizes: ['first'], byDefault: 50 } }),
      resolve: async ({ groupId }, { first, after }, context) => {
        const size = pageSize('first', first, 50);
        const list = `members:${groupId}`;
        const from = decodeTextCursor(list, after);
        const rows = await forMember(context, groupId, () =>
          context.services.readModels.membersPage(groupId, from, size + 1),
        );
        return forwardPage(rows, size, after, (node) => ({ cursor: encodeCursor(list, node.userId), node }));
      },
    }),
    timeline: t.field({
      type: messageConnection,
      description:
        'Messages in the order of their seq: the newest `last` ones before a cursor, or the `first` ones after one.',
      args: {
        last: t.arg.int({ defaultValue: 50 }),
        before: t.arg.string(),
        first: t.arg.int(),
        after: t.arg.string(),
      },
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
  fields: (t) => ({
    role: t.expose('role', { type: roleEnum }),
    markedUpTo: t.exposeInt('markedUpTo', { description: 'The caller’s high-water mark; 0 before anything was read.' }),
    unreadCount: t.exposeInt('unreadCount', { description: 'Messages after the mark, or after joining.' }),
  }),
});

interface TimelineArguments {
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}

/** Every seq from 1 to the newest is a message, so a page's bounds are arithmetic. */
async function timeline(
  { groupId, lastSeq }: GroupRow,
  { last, before, first, after }: TimelineArguments,
  context: RequestContext,
): Promise<Connection<MessageRow>> {
  const list = `timeline:${groupId}`;
  const forwards = first !== undefined && first !== null;
  if (forwards && before !== undefined && before !== null) {
    throw new ApiError('BAD_INPUT', 'first goes with after, last with before.');
  }
  const limit = forwards ? pageSize('first', first, 50) : pageSize('last', last, 50);
  const fromSeq = (decodeNumberCursor(list, after) ?? 0) + 1;
  const toSeq = Math.min((decodeNumberCursor(list, before) ?? lastSeq + 1) - 1, lastSeq);
  const page = { fromSeq, toSeq, limit, last: !forwards };
  const rows = await forMember(context, groupId, () => context.services.messages.timelinePage(groupId, page));
  return {
    edges: rows.map((node) => ({ cursor: encodeCursor(list, node.seq), node })),
    hasPreviousPage: (rows.at(0)?.seq ?? 1) > 1,
    hasNextPage: (rows.at(-1)?.seq ?? lastSeq) < lastSeq,
  };
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
