import { createInboxSource, type InboxEntry } from '../../delivery/inbox-source.ts';
import { createReadCountsSource } from '../../delivery/read-counts-source.ts';
import { createTimelineSource, furthestBehind, refuseUnreachable } from '../../delivery/timeline-source.ts';
import { unreadCount } from '../../delivery/unread.ts';
import type { RequestContext } from '../context.ts';
import { whileMember } from '../for-member.ts';
import { accepted, requireNothingRefused, throwingRefusals } from '../refused.ts';
import { builder } from './builder.ts';
import { costing } from './field-cost.ts';
import { projectedGroup } from './projected-rows.ts';
import { timelineItem } from './timeline-item.ts';
import { groupRef, inboxItemRef, readCountRangeRef, readCountsItemRef } from './types.ts';
import { dependsOnViewer } from './viewer-fields.ts';

/** In points, for each event that a subscription has missed: it is read, decoded and answered. */
const pointsPerMissedEvent = 5;

builder.subscriptionFields((t) => ({
  timeline: t.field({
    type: timelineItem,
    description:
      'What the group’s stream holds after a version, then live: in order and without gaps, through reconnects with the last version seen. From now on when no version is given. Too far behind: one Resync, then the end.',
    args: {
      groupId: t.arg.id({ required: true, description: 'The group to follow.' }),
      afterVersion: t.arg.int({
        description: 'The last version that was seen, as a group, an item or a Resync says it; -1 for the beginning.',
      }),
    },
    subscribe: async (_, { groupId, afterVersion }, context) => {
      const viewer = context.viewer();
      const after = afterVersion ?? undefined;
      const { services, policy } = context;
      accepted(await policy.requireMember(viewer, groupId));
      const { version: newest } = await services.commands.newestGroup(groupId);
      requireNothingRefused(refuseUnreachable(after, newest));
      const missed = Math.min(newest - (after ?? newest), furthestBehind);
      if (missed > 0) context.rates.take('points', missed * pointsPerMissedEvent);
      const { log, feed, now, backlog } = services;
      const from = { after, newest };
      const source = { log, feed, policy, viewer, groupId, ...from, now, backlog, turn: context.turns.next };
      return throwingRefusals(accepted(await createTimelineSource(source)));
    },
    resolve: (entry) => entry,
  }),
  readCounts: t.field({
    type: readCountsItemRef,
    description:
      'The exact counts of the last 200 messages: now, and again when they have changed, from 100 ms to 30 s apart.',
    args: { groupId: t.arg.id({ required: true, description: 'The group whose messages are counted.' }) },
    subscribe: async (_, { groupId }, context) => {
      const { services, policy } = context;
      const viewer = context.viewer();
      accepted(await policy.requireMember(viewer, groupId));
      const { announcer, feed, now } = services;
      const source = { announcer, feed, policy, viewer, groupId, now };
      return throwingRefusals(accepted(await createReadCountsSource(source)));
    },
    resolve: (announcement) => announcement,
  }),
  inbox: t.field({
    type: inboxItemRef,
    description: 'Changes of the caller’s inbox from now on. Depends on the viewer.',
    extensions: dependsOnViewer,
    subscribe: async (_, __, context) => {
      const { services, policy } = context;
      const { feed, readModels, counts, freshness, now } = services;
      const about = { viewer: context.viewer(), now, turn: context.turns.next };
      const source = { feed, readModels, counts, freshness, policy, ...about };
      return throwingRefusals(accepted(await createInboxSource(source)));
    },
    resolve: standingNow,
  }),
}));

/** As the rest of the answer has it, which may be a moment later than the entry. */
async function standingNow(entry: InboxEntry, _: object, context: RequestContext): Promise<InboxEntry> {
  if (entry.left) return entry;
  const counts = await context.services.counts.of(entry.groupId);
  const reading = counts.reading(context.viewer().userId);
  if (!reading?.active) return entry;
  const { markedUpTo, memberAfterSeq } = reading;
  const lastSeq = counts.lastSeq();
  return { ...entry, lastSeq, markedUpTo, unreadCount: unreadCount(lastSeq, Math.max(markedUpTo, memberAfterSeq)) };
}

readCountsItemRef.implement({
  description: 'The counts of a group’s newest messages, at one position.',
  fields: (t) => ({
    groupId: t.exposeID('groupId', { description: 'The group whose messages are counted.' }),
    asOf: t.expose('asOf', { type: 'Position', description: 'The position of the log that the counts are exact at.' }),
    ranges: t.field({
      type: [readCountRangeRef],
      description: 'Ascending and without gaps, up to the newest message.',
      extensions: costing({ items: 200 }),
      resolve: ({ ranges }) => ranges,
    }),
  }),
});

readCountRangeRef.implement({
  description: 'Messages in a row with the same count.',
  fields: (t) => ({
    fromSeq: t.exposeInt('fromSeq', { description: 'The first of them.' }),
    toSeq: t.exposeInt('toSeq', { description: 'The last of them.' }),
    readCount: t.exposeInt('readCount', { description: 'How many have read each of them.' }),
  }),
});

inboxItemRef.implement({
  description: 'Where the caller stands in one group.',
  fields: (t) => ({
    groupId: t.exposeID('groupId', { description: 'The group that it is about.' }),
    group: t.field({
      type: groupRef,
      nullable: true,
      extensions: costing({ own: 3 }),
      description: 'Null once the caller is no longer a member.',
      resolve: ({ groupId, left }, _, context) =>
        left ? null : whileMember(context, groupId, () => projectedGroup(context, groupId, undefined)),
    }),
    lastSeq: t.exposeInt('lastSeq', { description: 'The seq of the newest message; 0 when there is none.' }),
    markedUpTo: t.exposeInt('markedUpTo', { description: 'The caller’s high-water mark; 0 before anything was read.' }),
    unreadCount: t.exposeInt('unreadCount', { description: 'Messages after the mark, or after joining.' }),
    left: t.exposeBoolean('left', { description: 'True when this is the last that is heard of the group.' }),
  }),
});
