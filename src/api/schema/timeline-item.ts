import type { ShownEvent } from '../../delivery/shown-events.ts';
import type { TimelineEntry } from '../../delivery/timeline-source.ts';
import type { Version } from '../../ports/event-log.ts';
import type { RequestContext } from '../context.ts';
import { forMember } from '../for-member.ts';
import { requireNothingRefused } from '../refused.ts';
import { builder } from './builder.ts';
import { costing } from './field-cost.ts';
import { groupMember } from './member-type.ts';
import { projectedMessage } from './projected-rows.ts';
import { memberRef, messageRef, reactionRef } from './types.ts';

type EntryOf<Type extends ShownEvent['event']['type']> = Extract<
  ShownEvent,
  { readonly event: { readonly type: Type } }
>;

export const timelineItem = builder.interfaceRef<{ readonly version: Version }>('TimelineItem').implement({
  description: 'What happened in a group.',
  fields: (t) => ({
    version: t.exposeInt('version', { description: 'Of the group’s stream after it: where to resume.' }),
  }),
  resolveType: (entry) => typeName(entry as TimelineEntry),
});

// Payloads hold nothing that depends on who watches: subscribers with the same operation can share them.

builder.objectRef<EntryOf<'MessageSent'>>('MessageAdded').implement({
  interfaces: [timelineItem],
  description: 'A message was sent.',
  fields: (t) => ({
    message: t.field({
      type: messageRef,
      nullable: true,
      description:
        'As it reads now: what was deleted or replaced since is not in it. Null, with an error, where something that is asked for below cannot be had now.',
      resolve: ({ groupId, event, metadata, position }) => ({
        groupId,
        ...event.data,
        sentAt: metadata.at,
        sentHash: null,
        sentPosition: position,
      }),
    }),
  }),
});

builder.objectRef<EntryOf<'MessageEdited'>>('MessageChanged').implement({
  interfaces: [timelineItem],
  description: 'A message was edited.',
  fields: (t) => ({
    messageId: t.id({
      description: 'The message, as its sender chose the id.',
      resolve: ({ event }) => event.data.messageId,
    }),
    seq: t.int({ description: 'The message’s place in its group.', resolve: ({ event }) => event.data.seq }),
    text: t.string({
      nullable: true,
      description: 'The newest by now, which may be that of a later edit; null once deleted.',
      resolve: ({ event }) => event.data.text,
    }),
    editedAt: t.field({
      type: 'DateTime',
      description: 'When it was given that text.',
      resolve: ({ event, metadata }) => event.data.editedAt ?? metadata.at,
    }),
    message: t.field({
      type: messageRef,
      nullable: true,
      description:
        'As the read models have it, once they have reached this change; null, with an error, where they have not in time. The fields beside it wait for nothing.',
      resolve: (entry, _, context) => changedMessage(entry, context),
    }),
  }),
});

builder.objectRef<EntryOf<'MessageDeleted'>>('MessageRemoved').implement({
  interfaces: [timelineItem],
  description: 'A message’s text was deleted. It keeps its place and its count.',
  fields: (t) => ({
    messageId: t.id({
      description: 'The message, as its sender chose the id.',
      resolve: ({ event }) => event.data.messageId,
    }),
    seq: t.int({ description: 'The message’s place in its group.', resolve: ({ event }) => event.data.seq }),
  }),
});

builder.objectRef<EntryOf<'ReactionAdded' | 'ReactionRemoved'>>('ReactionsChanged').implement({
  interfaces: [timelineItem],
  description: 'A reaction was put under a message or taken away.',
  fields: (t) => ({
    messageId: t.id({
      description: 'The message, as its sender chose the id.',
      resolve: ({ event }) => event.data.messageId,
    }),
    seq: t.int({ description: 'The message’s place in its group.', resolve: ({ event }) => event.data.seq }),
    emoji: t.string({ description: 'What was put or taken away.', resolve: ({ event }) => event.data.emoji }),
    userId: t.id({ description: 'Whose it is.', resolve: ({ event }) => event.data.userId }),
    added: t.boolean({
      description: 'False where it was taken away.',
      resolve: ({ event }) => event.type === 'ReactionAdded',
    }),
    reactions: t.field({
      type: [reactionRef],
      nullable: true,
      extensions: costing({ own: 3, items: 5 }),
      description:
        'All of the message’s; null, with an error, where the read models are needed and have not reached this change in time.',
      resolve: ({ groupId, position, event }, _, context) =>
        forMember(context, groupId, async () => {
          requireNothingRefused(await context.services.freshness.atLeast(position));
          return context.loaders.reactionCounts(groupId, event.data.seq, event.data.messageId);
        }),
    }),
  }),
});

type MembershipEntry = EntryOf<'MembersAdded' | 'MemberLeft' | 'MemberRemoved' | 'MemberRoleChanged' | 'MemberRenamed'>;

builder.objectRef<MembershipEntry>('MembersChanged').implement({
  interfaces: [timelineItem],
  description: 'Somebody joined or left, or has another name or role.',
  fields: (t) => ({
    joined: t.field({
      type: [memberRef],
      description: 'Who was added.',
      extensions: costing({ items: 20 }),
      resolve: ({ groupId, event }) =>
        event.type === 'MembersAdded' ? event.data.members.map((member) => ({ groupId, ...member, active: true })) : [],
    }),
    left: t.idList({
      description: 'User ids of those who left or were removed.',
      extensions: costing({ items: 1 }),
      resolve: ({ event }) =>
        event.type === 'MemberLeft' || event.type === 'MemberRemoved' ? [event.data.userId] : [],
    }),
    changed: t.field({
      type: [memberRef],
      extensions: costing({ items: 1 }),
      description: 'Whose name or role changed, as they are now.',
      resolve: ({ groupId, event }, _, context) =>
        event.type === 'MemberRoleChanged' || event.type === 'MemberRenamed'
          ? [groupMember(context, groupId, event.data.userId)]
          : [],
    }),
  }),
});

builder.objectRef<EntryOf<'GroupCreated' | 'GroupRenamed'>>('GroupChanged').implement({
  interfaces: [timelineItem],
  description: 'The group was created or has another name.',
  fields: (t) => ({
    name: t.string({ description: 'What the group is called from then on.', resolve: ({ event }) => event.data.name }),
  }),
});

builder.objectRef<Extract<TimelineEntry, { kind: 'resync' }>>('Resync').implement({
  interfaces: [timelineItem],
  description:
    'Too far behind: fetch a page of the timeline, then subscribe after its group’s version. The subscription ends here.',
});

function typeName(entry: TimelineEntry): string {
  if (entry.kind === 'resync') return 'Resync';
  switch (entry.event.type) {
    case 'MessageSent':
      return 'MessageAdded';
    case 'MessageEdited':
      return 'MessageChanged';
    case 'MessageDeleted':
      return 'MessageRemoved';
    case 'ReactionAdded':
    case 'ReactionRemoved':
      return 'ReactionsChanged';
    case 'MembersAdded':
    case 'MemberLeft':
    case 'MemberRemoved':
    case 'MemberRoleChanged':
    case 'MemberRenamed':
      return 'MembersChanged';
    case 'GroupCreated':
    case 'GroupRenamed':
      return 'GroupChanged';
    default:
      return entry.event satisfies never;
  }
}

function changedMessage({ groupId, position, event }: EntryOf<'MessageEdited'>, context: RequestContext) {
  return forMember(context, groupId, () => projectedMessage(context, groupId, event.data.messageId, position));
}
