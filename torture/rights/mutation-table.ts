/** Everybody's part in a group of which `owner` is the one owner. */
export const roles = ['owner', 'admin', 'member', 'former', 'stranger', 'nobody'] as const;
export type Role = (typeof roles)[number];

/** What comes of an order: it is carried out, or the code that it is refused with. */
export type Outcome = 'done' | 'FORBIDDEN' | 'NOT_FOUND' | 'NOT_A_MEMBER' | 'CONFLICT' | 'UNAUTHENTICATED';

export interface Case {
  readonly mutation: string;
  readonly what: string;
  /** `self` is whoever orders; the others are the people of the group, and `other` a member more. */
  readonly input: (groupId: string, userId: (who: Role | 'other' | 'self') => string) => object;
  readonly outcomes: Readonly<Record<Role, Outcome>>;
}

const outside = { former: 'NOT_A_MEMBER', stranger: 'NOT_FOUND', nobody: 'UNAUTHENTICATED' } as const;
const everyMember = { owner: 'done', admin: 'done', member: 'done', ...outside } as const;
const managers = { owner: 'done', admin: 'done', member: 'FORBIDDEN', ...outside } as const;
const owners = { owner: 'done', admin: 'FORBIDDEN', member: 'FORBIDDEN', ...outside } as const;

/**
 * Who may change what, written down a second time, apart from the deciders. `theirs` is a message of `other`'s, `own-…` one of
 * each member's. To strangers the group is not there; one who was a member is told so.
 */
export const mutationTable: readonly Case[] = [
  {
    mutation: 'createGroup',
    what: 'under a taken id',
    input: (groupId) => ({ groupId, name: 'Another' }),
    outcomes: {
      ...{ owner: 'CONFLICT', admin: 'CONFLICT', member: 'CONFLICT', former: 'CONFLICT', stranger: 'CONFLICT' },
      nobody: 'UNAUTHENTICATED',
    },
  },
  { mutation: 'renameGroup', what: '', input: (groupId) => ({ groupId, name: 'Renamed' }), outcomes: managers },
  {
    mutation: 'addMembers',
    what: 'as members',
    input: (groupId) => ({ groupId, members: [{ userId: 'newcomer' }] }),
    outcomes: managers,
  },
  {
    mutation: 'addMembers',
    what: 'as admins',
    input: (groupId) => ({ groupId, members: [{ userId: 'newcomer', role: 'ADMIN' }] }),
    outcomes: owners,
  },
  {
    mutation: 'removeMember',
    what: 'a member',
    input: (groupId, userId) => ({ groupId, userId: userId('other') }),
    outcomes: managers,
  },
  {
    mutation: 'removeMember',
    what: 'an admin',
    input: (groupId, userId) => ({ groupId, userId: userId('admin') }),
    outcomes: owners,
  },
  {
    mutation: 'removeMember',
    what: 'the last owner',
    input: (groupId, userId) => ({ groupId, userId: userId('owner') }),
    outcomes: { ...owners, owner: 'CONFLICT' },
  },
  {
    mutation: 'leaveGroup',
    what: 'while others stay',
    input: (groupId) => ({ groupId }),
    outcomes: { ...everyMember, owner: 'CONFLICT', former: 'done' },
  },
  {
    mutation: 'changeMemberRole',
    what: 'of a member',
    input: (groupId, userId) => ({ groupId, userId: userId('other'), role: 'OWNER' }),
    outcomes: owners,
  },
  {
    mutation: 'changeMemberRole',
    what: 'of oneself, upwards',
    input: (groupId, userId) => ({ groupId, userId: userId('self'), role: 'OWNER' }),
    outcomes: owners,
  },
  {
    mutation: 'changeMemberRole',
    what: 'of the last owner',
    input: (groupId, userId) => ({ groupId, userId: userId('owner'), role: 'MEMBER' }),
    outcomes: { ...owners, owner: 'CONFLICT' },
  },
  { mutation: 'renameMember', what: 'oneself', input: (groupId) => ({ groupId, name: 'Me' }), outcomes: everyMember },
  {
    mutation: 'renameMember',
    what: 'somebody else',
    input: (groupId, userId) => ({ groupId, userId: userId('other'), name: 'Them' }),
    outcomes: managers,
  },
  {
    mutation: 'sendMessage',
    what: '',
    input: (groupId) => ({ groupId, messageId: 'new', text: 'Hello' }),
    outcomes: everyMember,
  },
  {
    mutation: 'editMessage',
    what: 'of one’s own',
    input: (groupId, userId) => ({ groupId, messageId: `own-${userId('self')}`, text: 'Changed' }),
    outcomes: everyMember,
  },
  {
    mutation: 'editMessage',
    what: 'of somebody else',
    input: (groupId) => ({ groupId, messageId: 'theirs', text: 'Changed' }),
    outcomes: { ...owners, owner: 'FORBIDDEN' },
  },
  {
    mutation: 'deleteMessage',
    what: 'of one’s own',
    input: (groupId, userId) => ({ groupId, messageId: `own-${userId('self')}` }),
    outcomes: everyMember,
  },
  {
    mutation: 'deleteMessage',
    what: 'of somebody else',
    input: (groupId) => ({ groupId, messageId: 'theirs' }),
    outcomes: managers,
  },
  {
    mutation: 'addReaction',
    what: '',
    input: (groupId) => ({ groupId, messageId: 'theirs', emoji: '👍' }),
    outcomes: everyMember,
  },
  {
    mutation: 'removeReaction',
    what: '',
    input: (groupId) => ({ groupId, messageId: 'theirs', emoji: '👍' }),
    outcomes: everyMember,
  },
  {
    mutation: 'markReadUpTo',
    what: '',
    input: (groupId) => ({ marks: [{ groupId, upTo: 1 }] }),
    outcomes: everyMember,
  },
];
