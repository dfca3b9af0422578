import type { GroupCommand } from '../../commands/group.ts';
import type { GroupEvent } from '../../events/event.ts';
import type { MessageRow } from '../../ports/read-models.ts';
import type { RequestContext } from '../context.ts';
import { ApiError } from '../error-table.ts';
import { accepted, requireNothingRefused } from '../refused.ts';
import { builder } from './builder.ts';
import {
  AddMembersInput,
  ChangeMemberRoleInput,
  CreateGroupInput,
  DeleteMessageInput,
  EditMessageInput,
  LeaveGroupInput,
  ReactionInput,
  RemoveMemberInput,
  RenameGroupInput,
  RenameMemberInput,
  SendMessageInput,
} from './inputs.ts';
import { projectedGroup } from './queries.ts';
import { groupRef, messageRef } from './types.ts';

interface GroupPayload {
  readonly groupId: string;
  readonly position: number;
}

interface MessagePayload extends GroupPayload {
  readonly messageId: string;
  /** As the event itself says it, where the mutation sent the message. */
  readonly message: MessageRow | undefined;
}

const groupPayload = builder.objectRef<GroupPayload>('GroupPayload').implement({
  fields: (t) => ({
    position: t.expose('position', { type: 'Position' }),
    group: t.field({
      type: groupRef,
      description: 'The group with the change in it. Lists below it need membership, as everywhere.',
      resolve: ({ groupId, position }, _, context) => projectedGroup(context, groupId, position),
    }),
  }),
});

const messagePayload = builder.objectRef<MessagePayload>('MessagePayload').implement({
  fields: (t) => ({
    position: t.expose('position', { type: 'Position' }),
    message: t.field({
      type: messageRef,
      resolve: async ({ groupId, messageId, position, message }, _, { services, loaders }) => {
        if (message !== undefined) return message;
        requireNothingRefused(await services.freshness.atLeast(position));
        const row = await loaders.message(groupId, messageId);
        return row ?? Promise.reject(new ApiError('BEHIND', 'The message is not in the read models yet. Try again.'));
      },
    }),
  }),
});

type CommandOf<Type extends GroupCommand['type']> = Omit<
  Extract<GroupCommand, { type: Type }>,
  'commandId' | 'actorId' | 'at' | 'correlationId'
>;
type Order = { [Type in GroupCommand['type']]: CommandOf<Type> }[GroupCommand['type']];

/** The actor is the token's, the moment the server's. The client's own id makes a repeated command the same command. */
async function handle(context: RequestContext, groupId: string, order: Order, commandId = context.services.newId()) {
  const { services } = context;
  const viewer = context.viewer();
  const envelope = { commandId, actorId: viewer.userId, at: new Date(services.now()).toISOString() };
  const handled = accepted(await services.commands.handleGroup(groupId, { ...order, ...envelope }));
  return { handled, at: envelope.at };
}

async function changeGroup(context: RequestContext, groupId: string, order: Order): Promise<GroupPayload> {
  const { handled } = await handle(context, groupId, order);
  return { groupId, position: handled.position };
}

async function changeMessage(
  context: RequestContext,
  groupId: string,
  order: Order & { readonly messageId: string },
): Promise<MessagePayload> {
  const { handled } = await handle(context, groupId, order);
  return { groupId, messageId: order.messageId, position: handled.position, message: undefined };
}

builder.mutationFields((t) => ({
  createGroup: t.field({
    type: groupPayload,
    description: 'Creates a group; the caller is its owner. With the same groupId and name again it changes nothing.',
    args: { input: t.arg({ type: CreateGroupInput, required: true }) },
    resolve: (_, { input }, context) => {
      const groupId = input.groupId ?? context.services.newId();
      const members = input.members ?? [];
      const creatorName = context.viewer().name;
      return changeGroup(context, groupId, {
        type: 'CreateGroup',
        groupId,
        name: input.name,
        creatorName,
        members: members.map(memberToAdd),
      });
    },
  }),
  renameGroup: t.field({
    type: groupPayload,
    args: { input: t.arg({ type: RenameGroupInput, required: true }) },
    resolve: (_, { input }, context) => changeGroup(context, input.groupId, { type: 'RenameGroup', name: input.name }),
  }),
  addMembers: t.field({
    type: groupPayload,
    description: 'Adds up to 10,000 people. Those who are members already are left as they are.',
    args: { input: t.arg({ type: AddMembersInput, required: true }) },
    resolve: (_, { input }, context) =>
      changeGroup(context, input.groupId, { type: 'AddMembers', members: input.members.map(memberToAdd) }),
  }),
  removeMember: t.field({
    type: groupPayload,
    args: { input: t.arg({ type: RemoveMemberInput, required: true }) },
    resolve: (_, { input }, context) =>
      changeGroup(context, input.groupId, { type: 'RemoveMember', userId: input.userId }),
  }),
  leaveGroup: t.field({
    type: groupPayload,
    args: { input: t.arg({ type: LeaveGroupInput, required: true }) },
    resolve: (_, { input }, context) => changeGroup(context, input.groupId, { type: 'LeaveGroup' }),
  }),
  changeMemberRole: t.field({
    type: groupPayload,
    args: { input: t.arg({ type: ChangeMemberRoleInput, required: true }) },
    resolve: (_, { input }, context) =>
      changeGroup(context, input.groupId, { type: 'ChangeMemberRole', userId: input.userId, role: input.role }),
  }),
  renameMember: t.field({
    type: groupPayload,
    description: 'What a member is called in the group: one’s own name, or as owner or admin anybody’s.',
    args: { input: t.arg({ type: RenameMemberInput, required: true }) },
    resolve: (_, { input }, context) =>
      changeGroup(context, input.groupId, {
        type: 'RenameMember',
        userId: input.userId ?? context.viewer().userId,
        name: input.name,
      }),
  }),
  sendMessage: t.field({
    type: messagePayload,
    description: 'Sends a message, durably before it answers. Repeating it with the same id and content sends it once.',
    args: { input: t.arg({ type: SendMessageInput, required: true }) },
    resolve: async (_, { input }, context) => {
      const { groupId, messageId, text } = input;
      const order: Order = {
        type: 'SendMessage',
        messageId,
        text,
        mentions: input.mentions ?? [],
        replyTo: input.replyTo ?? undefined,
      };
      const { handled, at } = await handle(context, groupId, order, `message ${messageId}`);
      const sent = handled.events[0]?.event;
      const message = sent?.type === 'MessageSent' ? sentMessage(groupId, sent.data, at, handled.position) : undefined;
      return { groupId, messageId, position: handled.position, message };
    },
  }),
  editMessage: t.field({
    type: messagePayload,
    args: { input: t.arg({ type: EditMessageInput, required: true }) },
    resolve: (_, { input: { groupId, messageId, text } }, context) =>
      changeMessage(context, groupId, { type: 'EditMessage', messageId, text }),
  }),
  deleteMessage: t.field({
    type: messagePayload,
    args: { input: t.arg({ type: DeleteMessageInput, required: true }) },
    resolve: (_, { input: { groupId, messageId } }, context) =>
      changeMessage(context, groupId, { type: 'DeleteMessage', messageId }),
  }),
  addReaction: t.field({
    type: messagePayload,
    args: { input: t.arg({ type: ReactionInput, required: true }) },
    resolve: (_, { input: { groupId, messageId, emoji } }, context) =>
      changeMessage(context, groupId, { type: 'AddReaction', messageId, emoji }),
  }),
  removeReaction: t.field({
    type: messagePayload,
    args: { input: t.arg({ type: ReactionInput, required: true }) },
    resolve: (_, { input: { groupId, messageId, emoji } }, context) =>
      changeMessage(context, groupId, { type: 'RemoveReaction', messageId, emoji }),
  }),
}));

type InputMember = NonNullable<(typeof AddMembersInput)['$inferInput']['members']>[number];

const memberToAdd = ({ userId, name, role }: InputMember) => ({
  userId,
  name: name ?? undefined,
  role: role ?? undefined,
});

/** A message that was sent a moment ago, as its event says it: no read model is waited for. */
function sentMessage(
  groupId: string,
  data: Extract<GroupEvent, { type: 'MessageSent' }>['data'],
  at: string,
  sentPosition: number,
): MessageRow {
  return { ...data, groupId, sentAt: at, editedAt: null, deletedAt: null, sentPosition };
}
