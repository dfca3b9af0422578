import { digestOf } from '../../commands/command-digest.ts';
import type { GroupCommand } from '../../commands/group.ts';
import { deriveId } from '../../events/event-id.ts';
import type { RequestContext } from '../context.ts';
import { accepted } from '../refused.ts';
import { builder } from './builder.ts';
import {
  AddMembersInput,
  ChangeMemberRoleInput,
  CreateGroupInput,
  DeleteMessageInput,
  EditMessageInput,
  inputOf,
  LeaveGroupInput,
  ReactionInput,
  RemoveMemberInput,
  RenameGroupInput,
  RenameMemberInput,
  SendMessageInput,
} from './inputs.ts';
import { type GroupPayload, groupPayload, type MessagePayload, messagePayload, sentMessage } from './payloads.ts';

type CommandOf<Type extends GroupCommand['type']> = Omit<
  Extract<GroupCommand, { type: Type }>,
  'commandId' | 'commandDigest' | 'actorId' | 'at' | 'correlationId'
>;
type Order = { [Type in GroupCommand['type']]: CommandOf<Type> }[GroupCommand['type']];

/**
 * The actor is the token's, the moment the server's. Where the client has chosen the command's id, the command is the
 * same when it comes again. `unchosenId` is for one that is not remembered by its id.
 */
async function give(
  context: RequestContext,
  input: { readonly groupId: string; readonly commandId?: string | null | undefined },
  order: Order,
  unchosenId = context.services.newId(),
) {
  const { services } = context;
  const chosenId = input.commandId ?? undefined;
  const identity =
    chosenId === undefined ? { commandId: unchosenId } : { commandId: chosenId, commandDigest: digestOf(order) };
  const envelope = { ...identity, actorId: context.viewer().userId, at: new Date(services.now()).toISOString() };
  const { groupId } = input;
  const handled = accepted(await services.commands.handleGroup(groupId, { ...order, ...envelope }));
  const { position, isRepetition, newest } = handled;
  const payload = { groupId, position, shownFrom: isRepetition ? Math.max(position, newest) : position };
  return { handled, payload };
}

type GroupInput = Parameters<typeof give>[1];

async function changeGroup(context: RequestContext, input: GroupInput, order: Order): Promise<GroupPayload> {
  return (await give(context, input, order)).payload;
}

async function changeMessage(
  context: RequestContext,
  input: GroupInput,
  order: Order & { readonly messageId: string },
): Promise<MessagePayload> {
  const { payload } = await give(context, input, order);
  return { ...payload, messageId: order.messageId, message: undefined };
}

builder.mutationFields((t) => ({
  createGroup: t.field({
    type: groupPayload,
    nullable: true,
    description:
      'Creates a group; the caller is its owner. The same again, with the same groupId, name and members, changes nothing, whatever the group is called by now.',
    args: inputOf(CreateGroupInput),
    resolve: (_, { input }, context) => {
      const { userId, name: creatorName } = context.viewer();
      const { name, commandId } = input;
      // The same command again is about the same group.
      const made = commandId ? deriveId('group', userId, commandId) : context.services.newId();
      const groupId = input.groupId ?? made;
      const members = (input.members ?? []).map(memberToAdd);
      return changeGroup(context, { groupId, commandId }, { type: 'CreateGroup', groupId, name, creatorName, members });
    },
  }),
  renameGroup: t.field({
    type: groupPayload,
    nullable: true,
    description: 'Gives the group another name.',
    args: inputOf(RenameGroupInput),
    resolve: (_, { input }, context) => changeGroup(context, input, { type: 'RenameGroup', name: input.name }),
  }),
  addMembers: t.field({
    type: groupPayload,
    nullable: true,
    description: 'Adds up to 10,000 people. Those who are members already are left as they are.',
    args: inputOf(AddMembersInput),
    resolve: (_, { input }, context) =>
      changeGroup(context, input, { type: 'AddMembers', members: input.members.map(memberToAdd) }),
  }),
  removeMember: t.field({
    type: groupPayload,
    nullable: true,
    description: 'Takes somebody out of the group. They keep their place as author and as reader.',
    args: inputOf(RemoveMemberInput),
    resolve: (_, { input }, context) => changeGroup(context, input, { type: 'RemoveMember', userId: input.userId }),
  }),
  leaveGroup: t.field({
    type: groupPayload,
    nullable: true,
    description:
      'Ends the caller’s membership. The last owner makes somebody else an owner first; one who is alone may leave, and then nobody owns the group and nobody can come back to it.',
    args: inputOf(LeaveGroupInput),
    resolve: (_, { input }, context) => changeGroup(context, input, { type: 'LeaveGroup' }),
  }),
  changeMemberRole: t.field({
    type: groupPayload,
    nullable: true,
    description: 'Gives a member another role.',
    args: inputOf(ChangeMemberRoleInput),
    resolve: (_, { input }, context) =>
      changeGroup(context, input, { type: 'ChangeMemberRole', userId: input.userId, role: input.role }),
  }),
  renameMember: t.field({
    type: groupPayload,
    nullable: true,
    description: 'What a member is called in the group: one’s own name, or as owner or admin anybody’s.',
    args: inputOf(RenameMemberInput),
    resolve: (_, { input }, context) =>
      changeGroup(context, input, {
        type: 'RenameMember',
        userId: input.userId ?? context.viewer().userId,
        name: input.name,
      }),
  }),
  sendMessage: t.field({
    type: messagePayload,
    nullable: true,
    description:
      'Sends a message, durably before it answers. Repeating it with the same messageId and content sends it once.',
    args: inputOf(SendMessageInput),
    resolve: async (_, { input }, context) => {
      const { groupId, messageId, text } = input;
      const order: Order = {
        type: 'SendMessage',
        messageId,
        text,
        mentions: input.mentions ?? [],
        replyTo: input.replyTo ?? undefined,
      };
      const { handled, payload } = await give(context, input, order, `message ${messageId}`);
      const [sent] = handled.events;
      const message =
        sent?.event.type === 'MessageSent'
          ? sentMessage(groupId, sent.event.data, sent.at, payload.position)
          : undefined;
      return { ...payload, messageId, message };
    },
  }),
  editMessage: t.field({
    type: messagePayload,
    nullable: true,
    description: 'Replaces the text of the caller’s own message.',
    args: inputOf(EditMessageInput),
    resolve: (_, { input }, context) =>
      changeMessage(context, input, { type: 'EditMessage', messageId: input.messageId, text: input.text }),
  }),
  deleteMessage: t.field({
    type: messagePayload,
    nullable: true,
    description:
      'Takes the text of a message away: one’s own, or as owner or admin anybody’s. It keeps its place and its count.',
    args: inputOf(DeleteMessageInput),
    resolve: (_, { input }, context) =>
      changeMessage(context, input, { type: 'DeleteMessage', messageId: input.messageId }),
  }),
  addReaction: t.field({
    type: messagePayload,
    nullable: true,
    description: 'Puts an emoji of the caller’s under a message. One that is there already changes nothing.',
    args: inputOf(ReactionInput),
    resolve: (_, { input }, context) =>
      changeMessage(context, input, { type: 'AddReaction', messageId: input.messageId, emoji: input.emoji }),
  }),
  removeReaction: t.field({
    type: messagePayload,
    nullable: true,
    description: 'Takes the caller’s emoji away. One that is not there changes nothing.',
    args: inputOf(ReactionInput),
    resolve: (_, { input }, context) =>
      changeMessage(context, input, { type: 'RemoveReaction', messageId: input.messageId, emoji: input.emoji }),
  }),
}));

type InputMember = NonNullable<(typeof AddMembersInput)['$inferInput']['members']>[number];

const memberToAdd = ({ userId, name, role }: InputMember) => ({
  userId,
  name: name ?? undefined,
  role: role ?? undefined,
});
