import type { ShownEvent } from '../../delivery/shown-events.ts';
import type { TimelineEntry } from '../../delivery/timeline-source.ts';
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

// Payloads hold nothing that depends on who watches: subscribers with the same operation can share them.

const messageAdded = builder.objectRef<EntryOf<'MessageSent'>>('MessageAdded').implement({
  fields: (t) => ({
    version: t.exposeInt('version'),
    message: t.field({
      type: messageRef,
      description: 'As it reads now: what was deleted or replaced since is not in it.',
      resolve: ({ groupId, event, metadata, position }) => ({
        groupId,
        ...event.data,
        sentAt: metadata.at,
        sentPosition: position,
      }),
    }),
  }),
});

const messageChanged = builder.objectRef<EntryOf<'MessageEdited'>>('MessageChanged').implement({
  description: 'A message was edited.',
  fields: (t) => ({
    version: t.exposeInt('version'),
    messageId: t.id({ resolve: ({ event }) => event.data.messageId }),
    seq: t.int({ resolve: ({ event }) => event.data.seq }),
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
      description:
        'As the read models have it, once they have reached this change. The fields beside it wait for nothing.',
      resolve: (entry, _, context) => changedMessage(entry, context),
    }),
  }),
});

const messageRemoved = builder.objectRef<EntryOf<'MessageDeleted'>>('MessageRemoved').implement({
  description: 'A message’s text was deleted. It keeps its place and its count.',
  fields: (t) => ({
    version: t.exposeInt('version'),
    messageId: t.id({ resolve: ({ event }) => event.data.messageId }),
    seq: t.int({ resolve: ({ event }) => event.data.seq }),
  }),
});

const reactionsChanged = builder.objectRef<EntryOf<'ReactionAdded' | 'ReactionRemoved'>>('ReactionsChanged').implement({
  fields: (t) => ({
    version: t.exposeInt('version'),
    messageId: t.id({ resolve: ({ event }) => event.data.messageId }),
    seq: t.int({ resolve: ({ event }) => event.data.seq }),
    emoji: t.string({ resolve: ({ event }) => event.data.emoji }),
    userId: t.id({ resolve: ({ event }) => event.data.userId }),
    added: t.boolean({ resolve: ({ event }) => event.type === 'ReactionAdded' }),
    reactions: t.field({
      type: [reactionRef],
      extensions: costing({ own: 3, items: 5 }),
      description: 'All of the message’s, once the read models have reached this change.',
      resolve: ({ groupId, position, event }, _, context) =>
        forMember(context, groupId, async () => {
          requireNothingRefused(await context.services.freshness.atLeast(position));
          return context.loaders.reactionCounts(groupId, event.data.seq);
        }),
    }),
  }),
});

type MembershipEntry = EntryOf<'MembersAdded' | 'MemberLeft' | 'MemberRemoved' | 'MemberRoleChanged' | 'MemberRenamed'>;

const membersChanged = builder.objectRef<MembershipEntry>('MembersChanged').implement({
  fields: (t) => ({
    version: t.exposeInt('version'),
    joined: t.field({
      type: [memberRef],
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

const groupChanged = builder.objectRef<EntryOf<'GroupCreated' | 'GroupRenamed'>>('GroupChanged').implement({
  fields: (t) => ({
    version: t.exposeInt('version'),
    name: t.string({ resolve: ({ event }) => event.data.name }),
  }),
});

const resync = builder.objectRef<Extract<TimelineEntry, { kind: 'resync' }>>('Resync').implement({
  description:
    'Too far behind: fetch a page of the timeline, then subscribe after its group’s version. The subscription ends here.',
  fields: (t) => ({ version: t.exposeInt('version') }),
});

export const timelineItem = builder.unionType('TimelineItem', {
  types: [messageAdded, messageChanged, messageRemoved, reactionsChanged, membersChanged, groupChanged, resync],
  resolveType: (entry) => typeName(entry as TimelineEntry),
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
