import { builder } from './builder.ts';
import { checkedByResolver } from './check-arguments.ts';
import { roleEnum } from './types.ts';

const commandId = {
  description:
    'Chosen by the client, a UUID is best: the same command again under the same id is answered as it was, and changes nothing.',
} as const;

const MemberInput = builder.inputType('MemberInput', {
  fields: (t) => ({
    userId: t.id({ required: true }),
    name: t.string({ description: 'What they are called in the group; their id if not given.' }),
    role: t.field({ type: roleEnum, description: 'MEMBER if not given.' }),
  }),
});

export const CreateGroupInput = builder.inputType('CreateGroupInput', {
  fields: (t) => ({
    commandId: t.id(commandId),
    groupId: t.id({
      description: 'Chosen by the client, so that a retry creates nothing twice; made up if not given.',
    }),
    name: t.string({ required: true }),
    members: t.field({ type: [MemberInput] }),
  }),
});

export const RenameGroupInput = builder.inputType('RenameGroupInput', {
  fields: (t) => ({
    commandId: t.id(commandId),
    groupId: t.id({ required: true }),
    name: t.string({ required: true }),
  }),
});

export const AddMembersInput = builder.inputType('AddMembersInput', {
  fields: (t) => ({
    commandId: t.id(commandId),
    groupId: t.id({ required: true }),
    members: t.field({ type: [MemberInput], required: true }),
  }),
});

export const RemoveMemberInput = builder.inputType('RemoveMemberInput', {
  fields: (t) => ({ commandId: t.id(commandId), groupId: t.id({ required: true }), userId: t.id({ required: true }) }),
});

export const LeaveGroupInput = builder.inputType('LeaveGroupInput', {
  fields: (t) => ({ commandId: t.id(commandId), groupId: t.id({ required: true }) }),
});

export const ChangeMemberRoleInput = builder.inputType('ChangeMemberRoleInput', {
  fields: (t) => ({
    commandId: t.id(commandId),
    groupId: t.id({ required: true }),
    userId: t.id({ required: true }),
    role: t.field({ type: roleEnum, required: true }),
  }),
});

export const RenameMemberInput = builder.inputType('RenameMemberInput', {
  fields: (t) => ({
    commandId: t.id(commandId),
    groupId: t.id({ required: true }),
    userId: t.id({ description: 'Oneself if not given.' }),
    name: t.string({ required: true }),
  }),
});

export const SendMessageInput = builder.inputType('SendMessageInput', {
  fields: (t) => ({
    commandId: t.id({ description: 'The messageId plays this part already; one may be given besides.' }),
    groupId: t.id({ required: true }),
    messageId: t.id({ required: true, description: 'Chosen by the sender; a UUID of version 7 is best.' }),
    text: t.string({ required: true, description: 'At most 8,000 characters. @all mentions everybody.' }),
    replyTo: t.id({ description: 'The id of a message of the same group.' }),
    mentions: t.idList({ description: 'User ids of members.' }),
  }),
});

export const EditMessageInput = builder.inputType('EditMessageInput', {
  fields: (t) => ({
    commandId: t.id(commandId),
    groupId: t.id({ required: true }),
    messageId: t.id({ required: true }),
    text: t.string({ required: true }),
  }),
});

export const DeleteMessageInput = builder.inputType('DeleteMessageInput', {
  fields: (t) => ({
    commandId: t.id(commandId),
    groupId: t.id({ required: true }),
    messageId: t.id({ required: true }),
  }),
});

export const ReactionInput = builder.inputType('ReactionInput', {
  fields: (t) => ({
    commandId: t.id(commandId),
    groupId: t.id({ required: true }),
    messageId: t.id({ required: true }),
    emoji: t.string({ required: true }),
  }),
});

const MarkInput = builder.inputType('MarkInput', {
  fields: (t) => ({
    groupId: t.id({
      required: true,
      extensions: checkedByResolver,
      description: 'One that is no id is refused by itself, and keeps no other mark from being stored.',
    }),
    upTo: t.int({ required: true, description: 'The seq of the newest message that was read.' }),
  }),
});

export const MarkReadUpToInput = builder.inputType('MarkReadUpToInput', {
  fields: (t) => ({
    commandId: t.id({ description: 'As everywhere; a mark that is repeated changes nothing in any case.' }),
    marks: t.field({
      type: [MarkInput],
      required: true,
      description: '1 to 100. Of several of one group the furthest holds.',
    }),
  }),
});
