import type { InputRef } from '@pothos/core';
import { builder } from './builder.ts';
import { checkedByResolver } from './check-arguments.ts';
import { roleEnum } from './types.ts';

export const inputDescription = 'What is ordered.';

/** The one argument of a mutation. */
export const inputOf = <Input extends InputRef>(type: Input) =>
  builder.args((t) => ({ input: t.field({ type, required: true, description: inputDescription }) }));

const commandId = {
  description:
    'Chosen by the client, a UUID is best: the same command again under the same id is answered as it was, and changes nothing.',
} as const;

const groupId = { required: true, description: 'The group that it is about.' } as const;
const messageId = { required: true, description: 'A message of the group, as its sender chose the id.' } as const;
const groupName = { required: true, description: 'What the group is to be called.' } as const;

const MemberInput = builder.inputType('MemberInput', {
  description: 'Somebody to be a member of a group.',
  fields: (t) => ({
    userId: t.id({ required: true, description: 'Who it is, as tokens name them.' }),
    name: t.string({ description: 'What they are called in the group; their id if not given.' }),
    role: t.field({ type: roleEnum, description: 'MEMBER if not given.' }),
  }),
});

export const CreateGroupInput = builder.inputType('CreateGroupInput', {
  description: 'A group to be created.',
  fields: (t) => ({
    commandId: t.id(commandId),
    groupId: t.id({
      description: 'Chosen by the client, so that a retry creates nothing twice; made up if not given.',
    }),
    name: t.string(groupName),
    members: t.field({ type: [MemberInput], description: 'Who is a member from the beginning, besides the caller.' }),
  }),
});

export const RenameGroupInput = builder.inputType('RenameGroupInput', {
  description: 'A new name for a group.',
  fields: (t) => ({
    commandId: t.id(commandId),
    groupId: t.id(groupId),
    name: t.string(groupName),
  }),
});

export const AddMembersInput = builder.inputType('AddMembersInput', {
  description: 'People to be added to a group.',
  fields: (t) => ({
    commandId: t.id(commandId),
    groupId: t.id(groupId),
    members: t.field({ type: [MemberInput], required: true, description: 'Who is to be a member.' }),
  }),
});

export const RemoveMemberInput = builder.inputType('RemoveMemberInput', {
  description: 'Somebody to be taken out of a group.',
  fields: (t) => ({
    commandId: t.id(commandId),
    groupId: t.id(groupId),
    userId: t.id({ required: true, description: 'Who is to go.' }),
  }),
});

export const LeaveGroupInput = builder.inputType('LeaveGroupInput', {
  description: 'A group to be left.',
  fields: (t) => ({ commandId: t.id(commandId), groupId: t.id(groupId) }),
});

export const ChangeMemberRoleInput = builder.inputType('ChangeMemberRoleInput', {
  description: 'A new role for a member.',
  fields: (t) => ({
    commandId: t.id(commandId),
    groupId: t.id(groupId),
    userId: t.id({ required: true, description: 'Whose role it is.' }),
    role: t.field({ type: roleEnum, required: true, description: 'What they may do from then on.' }),
  }),
});

export const RenameMemberInput = builder.inputType('RenameMemberInput', {
  description: 'A new name for a member.',
  fields: (t) => ({
    commandId: t.id(commandId),
    groupId: t.id(groupId),
    userId: t.id({ description: 'Oneself if not given.' }),
    name: t.string({ required: true, description: 'What they are to be called.' }),
  }),
});

export const SendMessageInput = builder.inputType('SendMessageInput', {
  description: 'A message to be sent.',
  fields: (t) => ({
    commandId: t.id({ description: 'The messageId plays this part already; one may be given besides.' }),
    groupId: t.id(groupId),
    messageId: t.id({ required: true, description: 'Chosen by the sender; a UUID of version 7 is best.' }),
    text: t.string({ required: true, description: 'At most 8,000 characters. @all mentions everybody.' }),
    replyTo: t.id({ description: 'The id of a message of the same group.' }),
    mentions: t.idList({ description: 'User ids of members.' }),
  }),
});

export const EditMessageInput = builder.inputType('EditMessageInput', {
  description: 'A new text for a message.',
  fields: (t) => ({
    commandId: t.id(commandId),
    groupId: t.id(groupId),
    messageId: t.id(messageId),
    text: t.string({ required: true, description: 'The text from then on, at most 8,000 characters.' }),
  }),
});

export const DeleteMessageInput = builder.inputType('DeleteMessageInput', {
  description: 'A message to be deleted.',
  fields: (t) => ({
    commandId: t.id(commandId),
    groupId: t.id(groupId),
    messageId: t.id(messageId),
  }),
});

export const ReactionInput = builder.inputType('ReactionInput', {
  description: 'An emoji under a message.',
  fields: (t) => ({
    commandId: t.id(commandId),
    groupId: t.id(groupId),
    messageId: t.id(messageId),
    emoji: t.string({ required: true, description: 'What to react with.' }),
  }),
});

const MarkInput = builder.inputType('MarkInput', {
  description: 'How far a group was read.',
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
  description: 'How far groups were read.',
  fields: (t) => ({
    commandId: t.id({ description: 'As everywhere; a mark that is repeated changes nothing in any case.' }),
    marks: t.field({
      type: [MarkInput],
      required: true,
      description: '1 to 100. Of several of one group the furthest holds.',
    }),
  }),
});
