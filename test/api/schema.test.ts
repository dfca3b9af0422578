import { readFile } from 'node:fs/promises';
import {
  buildSchema,
  type GraphQLArgument,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isNonNullType,
  isObjectType,
  lexicographicSortSchema,
  printSchema,
  specifiedScalarTypes,
} from 'graphql';
import { expect, it } from 'vitest';
import { schema } from '../../src/api/schema/schema.ts';
import { isViewerDependent } from '../../src/api/schema/viewer-fields.ts';

it('is what schema.graphql says (npm run schema writes it)', async () => {
  const file = await readFile(new URL('../../schema.graphql', import.meta.url), 'utf8');
  expect(`${printSchema(lexicographicSortSchema(schema))}\n`).toBe(file);
});

/** The names that clients rely on: more may be added, these stay. */
const promised = buildSchema(`
  interface Node { id: ID! }
  scalar DateTime
  scalar Position
  type Query {
    node(id: ID!): Node
    me: User!
    group(groupId: ID!, atLeast: Position): Group
    message(groupId: ID!, messageId: ID!, atLeast: Position): Message
    inbox(first: Int = 50, after: String, atLeast: Position): InboxConnection
    mentions(first: Int = 50, after: String, atLeast: Position): MessageConnection
    search(text: String!, groupId: ID, first: Int = 20, after: String, atLeast: Position): MessageConnection
  }
  type User implements Node { id: ID! userId: ID! unreadGroupCount: Int! unreadMentionCount: Int! }
  type InboxConnection { edges: [InboxEdge!]! nodes: [InboxItem!]! pageInfo: PageInfo! }
  type InboxEdge { cursor: String! node: InboxItem! }
  type MessageConnection { edges: [MessageEdge!]! nodes: [Message!]! pageInfo: PageInfo! }
  type MessageEdge { cursor: String! node: Message! }
  type MemberConnection { edges: [MemberEdge!]! nodes: [Member!]! pageInfo: PageInfo! }
  type MemberEdge { cursor: String! node: Member! }
  type ReaderConnection { edges: [ReaderEdge!]! nodes: [Reader!]! pageInfo: PageInfo! }
  type ReaderEdge { cursor: String! node: Reader! }
  type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
  type Group implements Node {
    id: ID! groupId: ID! name: String! createdAt: DateTime! memberCount: Int! lastSeq: Int! version: Int!
    lastMessage: Message
    members(first: Int, after: String, last: Int, before: String, query: String): MemberConnection!
    member(userId: ID!): Member
    timeline(first: Int, after: String, last: Int, before: String, around: Int): MessageConnection!
    membership: Membership
  }
  type Membership {
    role: Role! markedUpTo: Int! unreadCount: Int! firstUnreadSeq: Int unreadMentionCount: Int!
  }
  type Member implements Node { id: ID! userId: ID! name: String! role: Role! isPresent: Boolean! }
  enum Role { OWNER ADMIN MEMBER }
  type Reader { member: Member! readAt: DateTime! }
  type Reaction {
    emoji: String! count: Int! members(first: Int = 10, after: String): MemberConnection! viewerHasReacted: Boolean!
  }
  type ReadExplanation { audience: Int! read: Int! notYet: Int! leftBeforeReading: Int! }
  type Message implements Node {
    id: ID! messageId: ID! seq: Int! group: Group! author: Member! text: String sentAt: DateTime! editedAt: DateTime
    deletedAt: DateTime replyTo: Message mentions: [Member!]! mentionsAll: Boolean! reactions: [Reaction!]!
    readCount: Int! audienceCount: Int!
    readers(first: Int = 50, after: String, at: DateTime): ReaderConnection! explain: ReadExplanation!
  }
  type Mutation {
    createGroup(input: CreateGroupInput!): GroupPayload
    renameGroup(input: RenameGroupInput!): GroupPayload
    addMembers(input: AddMembersInput!): GroupPayload
    removeMember(input: RemoveMemberInput!): GroupPayload
    leaveGroup(input: LeaveGroupInput!): GroupPayload
    changeMemberRole(input: ChangeMemberRoleInput!): GroupPayload
    renameMember(input: RenameMemberInput!): GroupPayload
    sendMessage(input: SendMessageInput!): MessagePayload
    editMessage(input: EditMessageInput!): MessagePayload
    deleteMessage(input: DeleteMessageInput!): MessagePayload
    addReaction(input: ReactionInput!): MessagePayload
    removeReaction(input: ReactionInput!): MessagePayload
    markReadUpTo(input: MarkReadUpToInput!): MarkPayload
  }
  input CreateGroupInput { name: String! commandId: ID }
  input RenameGroupInput { groupId: ID! name: String! commandId: ID }
  input AddMembersInput { groupId: ID! commandId: ID }
  input RemoveMemberInput { groupId: ID! userId: ID! commandId: ID }
  input LeaveGroupInput { groupId: ID! commandId: ID }
  input ChangeMemberRoleInput { groupId: ID! userId: ID! role: Role! commandId: ID }
  input RenameMemberInput { groupId: ID! name: String! commandId: ID }
  input SendMessageInput { groupId: ID! messageId: ID! text: String! replyTo: ID mentions: [ID!] commandId: ID }
  input EditMessageInput { groupId: ID! messageId: ID! text: String! commandId: ID }
  input DeleteMessageInput { groupId: ID! messageId: ID! commandId: ID }
  input ReactionInput { groupId: ID! messageId: ID! emoji: String! commandId: ID }
  input MarkReadUpToInput { marks: [MarkInput!]! commandId: ID }
  input MarkInput { groupId: ID! upTo: Int! }
  type GroupPayload { position: Position! group: Group }
  type MessagePayload { position: Position! message: Message }
  type MarkPayload { position: Position! marks: [MarkResult!]! refusals: [MarkRefusal!]! }
  type MarkResult { groupId: ID! markedUpTo: Int! }
  type MarkRefusal { groupId: ID! reason: RefusalReason! }
  enum RefusalReason { GROUP_NOT_FOUND NO_LONGER_A_MEMBER MARK_BEYOND_NEWEST }
  type Subscription {
    timeline(groupId: ID!, afterVersion: Int): TimelineItem!
    readCounts(groupId: ID!): ReadCountsItem!
    inbox: InboxItem!
  }
  type ReadCountsItem { asOf: Position! ranges: [ReadCountRange!]! }
  type ReadCountRange { fromSeq: Int! toSeq: Int! readCount: Int! }
  type InboxItem { unreadCount: Int! }
  interface TimelineItem { version: Int! }
  type MessageAdded implements TimelineItem { version: Int! }
  type MessageChanged implements TimelineItem { version: Int! }
  type MessageRemoved implements TimelineItem { version: Int! }
  type ReactionsChanged implements TimelineItem { version: Int! }
  type MembersChanged implements TimelineItem { version: Int! }
  type GroupChanged implements TimelineItem { version: Int! }
  type Resync implements TimelineItem { version: Int! }
`);

/** One line for everything that a schema says, without what may be added to it. */
function linesOf(of: GraphQLSchema): readonly string[] {
  return Object.values(of.getTypeMap())
    .filter(({ name }) => !name.startsWith('__'))
    .flatMap((type) => [
      `${type.constructor.name} ${type.name}`,
      ...(isObjectType(type) ? type.getInterfaces().map(({ name }) => `${type.name} implements ${name}`) : []),
      ...(isEnumType(type) ? type.getValues().map(({ name }) => `${type.name}.${name}`) : []),
      ...(isInputObjectType(type)
        ? Object.values(type.getFields()).map((field) => `${type.name}.${field.name}: ${field.type}`)
        : []),
      ...(isObjectType(type) || isInterfaceType(type)
        ? Object.values(type.getFields()).flatMap((field) => [
            `${type.name}.${field.name}: ${field.type}`,
            ...field.args.map((argument) => `${type.name}.${field.name}(${argument.name}: ${argument.type})`),
          ])
        : []),
    ]);
}

it('keeps every name that clients rely on, with its arguments and types', () => {
  const ours = new Set(linesOf(schema));
  expect(linesOf(promised).filter((line) => !ours.has(line))).toEqual([]);
});

const argumentsOf = (member: object): readonly GraphQLArgument[] =>
  'args' in member ? (member.args as GraphQLArgument[]) : [];

it('says of everything in it what it is', () => {
  const silent = Object.values(schema.getTypeMap())
    .filter(({ name }) => !name.startsWith('__') && !specifiedScalarTypes.some((scalar) => scalar.name === name))
    .flatMap((type) => {
      const members = isEnumType(type) ? type.getValues() : 'getFields' in type ? Object.values(type.getFields()) : [];
      return [
        { where: type.name, of: type as { readonly description?: string | null | undefined } },
        ...members.flatMap((member) => [
          { where: `${type.name}.${member.name}`, of: member },
          ...argumentsOf(member).map((argument) => ({
            where: `${type.name}.${member.name}(${argument.name})`,
            of: argument,
          })),
        ]),
      ];
    })
    .filter(({ of }) => !of.description?.trim().endsWith('.'));
  expect(silent.map(({ where }) => where)).toEqual([]);
});

it('says of every field that depends on the viewer that it does, and of no other', () => {
  const fields = Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type)
      ? Object.values(type.getFields()).map((field) => ({ where: `${type.name}.${field.name}`, field }))
      : [],
  );
  const marked = fields.filter(({ field }) => isViewerDependent(field)).map(({ where }) => where);
  const said = fields.filter(({ field }) => field.description?.includes('Depends on the viewer.'));
  expect(said.map(({ where }) => where)).toEqual(marked);
  expect(marked.sort()).toEqual([
    ...['Group.membership', 'Query.inbox', 'Query.me', 'Query.mentions', 'Query.search'],
    'Reaction.viewerHasReacted',
    'Subscription.inbox',
  ]);
});

it('lets no refusal of one root field take the answers of others with it', () => {
  const roots = [schema.getQueryType(), schema.getMutationType()].flatMap((type) =>
    Object.values(type?.getFields() ?? {}),
  );
  // Who the token names is refused only where everything is.
  expect(roots.filter(({ type }) => isNonNullType(type)).map(({ name }) => name)).toEqual(['me']);
});
