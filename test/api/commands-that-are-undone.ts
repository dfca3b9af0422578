export const names = ['ada', 'ben', 'cyd', 'dee', 'eve', 'fay', 'gus'] as const;
export type Name = (typeof names)[number];

export interface Mutation {
  readonly by: Name;
  readonly field: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** A command under an id of its client's, and what others do after it: a second one would undo that. */
interface Step {
  readonly mutation: Mutation;
  readonly undoneBy?: Mutation;
}

export const mutation = (by: Name, field: string, input: object): Mutation => ({
  by,
  field,
  input: { groupId: 'lunch', ...input },
});
const reaction = { messageId: 'm-2', emoji: '👍' };
/** One of each mutation that others can undo, in an order in which all of them are accepted. */
export const steps: readonly Step[] = [
  {
    mutation: mutation('ada', 'createGroup', {
      name: 'Lunch',
      members: ['ben', 'cyd', 'dee', 'eve', 'gus'].map((userId) => ({ userId })),
    }),
    undoneBy: mutation('ada', 'renameGroup', { name: 'Breakfast' }),
  },
  {
    mutation: mutation('ada', 'renameGroup', { name: 'Tea' }),
    undoneBy: mutation('ada', 'renameGroup', { name: 'Dinner' }),
  },
  {
    mutation: mutation('ada', 'addMembers', { members: [{ userId: 'fay' }] }),
    undoneBy: mutation('fay', 'leaveGroup', {}),
  },
  {
    mutation: mutation('ada', 'removeMember', { userId: 'dee' }),
    undoneBy: mutation('ada', 'addMembers', { members: [{ userId: 'dee' }] }),
  },
  {
    mutation: mutation('eve', 'leaveGroup', {}),
    undoneBy: mutation('ada', 'addMembers', { members: [{ userId: 'eve' }] }),
  },
  {
    mutation: mutation('ada', 'changeMemberRole', { userId: 'ben', role: 'ADMIN' }),
    undoneBy: mutation('ada', 'changeMemberRole', { userId: 'ben', role: 'MEMBER' }),
  },
  {
    mutation: mutation('ben', 'renameMember', { name: 'Benny' }),
    undoneBy: mutation('ben', 'renameMember', { name: 'Benjamin' }),
  },
  {
    mutation: mutation('cyd', 'sendMessage', { messageId: 'm-1', text: 'Hello' }),
    undoneBy: mutation('ada', 'deleteMessage', { messageId: 'm-1' }),
  },
  { mutation: mutation('cyd', 'sendMessage', { messageId: 'm-2', text: 'Hello' }) },
  {
    mutation: mutation('cyd', 'editMessage', { messageId: 'm-2', text: 'Goodbye' }),
    undoneBy: mutation('cyd', 'editMessage', { messageId: 'm-2', text: 'Welcome' }),
  },
  { mutation: mutation('cyd', 'addReaction', reaction), undoneBy: mutation('cyd', 'removeReaction', reaction) },
  { mutation: mutation('dee', 'addReaction', reaction) },
  { mutation: mutation('dee', 'removeReaction', reaction), undoneBy: mutation('dee', 'addReaction', reaction) },
  { mutation: mutation('cyd', 'sendMessage', { messageId: 'm-3', text: 'Hello' }) },
  { mutation: mutation('cyd', 'deleteMessage', { messageId: 'm-3' }) },
];
