import type { RequestContext } from '../context.ts';
import { ApiError } from '../error-table.ts';
import { createInboxSource } from '../inbox-source.ts';
import { createPushedIterator, type PushedIterator } from '../pushed-iterator.ts';
import type { ReadCountsAnnouncement } from '../read-count-announcer.ts';
import { createTimelineSource, requireReachable } from '../timeline-source.ts';
import { builder } from './builder.ts';
import { timelineItem } from './timeline-item.ts';
import { groupRef, inboxItemRef, readCountRangeRef, readCountsItemRef } from './types.ts';

builder.subscriptionFields((t) => ({
  timeline: t.field({
    type: timelineItem,
    description:
      'What the group’s stream holds after a version, then live: in order and without gaps, through reconnects with the last version seen. From now on when no version is given. Too far behind: one Resync, then the end.',
    args: { groupId: t.arg.id({ required: true }), after: t.arg.int() },
    subscribe: async (_, { groupId, after }, context) => {
      const viewer = context.viewer();
      const { services, policy } = context;
      await policy.requireMember(viewer, groupId);
      const { version: newest } = await services.commands.newestGroup(groupId);
      requireReachable(after ?? undefined, newest);
      const { log, feed, now } = services;
      return createTimelineSource({ log, feed, policy, viewer, groupId, after: after ?? undefined, newest, now });
    },
    resolve: (entry) => entry,
  }),
  readCounts: t.field({
    type: readCountsItemRef,
    description:
      'The exact counts of the last 200 messages: now, and again when they have changed, from 100 ms to 30 s apart.',
    args: { groupId: t.arg.id({ required: true }) },
    subscribe: (_, { groupId }, context) => watchReadCounts(context, groupId),
    resolve: (announcement) => announcement,
  }),
  inbox: t.field({
    type: inboxItemRef,
    description: 'Changes of the caller’s inbox from now on.',
    subscribe: (_, __, context) => createInboxSource(context.services, context.viewer()),
    resolve: (entry) => entry,
  }),
}));

readCountsItemRef.implement({
  fields: (t) => ({
    groupId: t.exposeID('groupId'),
    asOf: t.expose('asOf', { type: 'Position', description: 'The position of the log that the counts are exact at.' }),
    ranges: t.field({ type: [readCountRangeRef], resolve: ({ ranges }) => ranges }),
  }),
});

readCountRangeRef.implement({
  description: 'Messages in a row with the same count.',
  fields: (t) => ({
    fromSeq: t.exposeInt('fromSeq'),
    toSeq: t.exposeInt('toSeq'),
    readCount: t.exposeInt('readCount'),
  }),
});

inboxItemRef.implement({
  description: 'Where the caller stands in one group.',
  fields: (t) => ({
    groupId: t.exposeID('groupId'),
    group: t.field({
      type: groupRef,
      nullable: true,
      description: 'Null once the caller is no longer a member.',
      resolve: ({ groupId, left }, _, context) =>
        left ? null : context.loaders.group(groupId).then((row) => row ?? null),
    }),
    lastSeq: t.exposeInt('lastSeq'),
    markedUpTo: t.exposeInt('markedUpTo'),
    unreadCount: t.exposeInt('unreadCount'),
    left: t.exposeBoolean('left', { description: 'True when this is the last that is heard of the group.' }),
  }),
});

/** A watcher who is this many announcements behind is not reading. */
const maximumWaiting = 8;

async function watchReadCounts(
  context: RequestContext,
  groupId: string,
): Promise<PushedIterator<ReadCountsAnnouncement>> {
  const { services, policy } = context;
  const viewer = context.viewer();
  await policy.requireMember(viewer, groupId);
  let stop = () => {};
  const source = createPushedIterator<ReadCountsAnnouncement>({
    maximumWaiting,
    overflow: () => new ApiError('UNAVAILABLE', 'Too slow: subscribe again.'),
    onEnd: () => stop(),
  });
  const announce = (announcement: ReadCountsAnnouncement): void => {
    void policy.refuseDelivery(viewer, groupId).then(
      (refused) => (refused === undefined ? source.push(announcement) : source.end(refused)),
      (error: Error) => source.end(error),
    );
  };
  stop = await services.announcer.watch(groupId, announce);
  return source;
}
