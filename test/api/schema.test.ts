import { readFile } from 'node:fs/promises';
import { buildSchema, type GraphQLObjectType, lexicographicSortSchema, printSchema } from 'graphql';
import { expect, it } from 'vitest';
import { schema } from '../../src/api/schema/schema.ts';

it('is what schema.graphql says (npm run schema writes it)', async () => {
  const file = await readFile(new URL('../../schema.graphql', import.meta.url), 'utf8');
  expect(`${printSchema(lexicographicSortSchema(schema))}\n`).toBe(file);
});

/** The names that clients rely on: more may be added, these stay. */
const promised = buildSchema(`
  scalar DateTime
  scalar Position
  type Query {
    me: User!
    group(id: ID!, atLeast: Position): Group
    message(groupId: ID!, messageId: ID!, atLeast: Position): Message
    inbox(first: Int = 50, after: String, atLeast: Position): InboxConnection!
    mentions(first: Int = 50, after: String): MessageConnection!
    search(groupId: ID!, text: String!, first: Int = 20, after: String): MessageConnection!
  }
  type User { id: ID! }
  type InboxConnection { edges: [InboxEdge!]! pageInfo: PageInfo! }
  type InboxEdge { cursor: String! }
  type MessageConnection { edges: [MessageEdge!]! pageInfo: PageInfo! }
  type MessageEdge { cursor: String! node: Message! }
  type MemberConnection { edges: [MemberEdge!]! pageInfo: PageInfo! }
  type MemberEdge { cursor: String! node: Member! }
  type ReaderConnection { edges: [ReaderEdge!]! pageInfo: PageInfo! }
  type ReaderEdge { cursor: String! node: Reader! }
  type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
  type Group {
    id: ID! name: String! createdAt: DateTime! memberCount: Int! lastSeq: Int! version: Int!
    members(first: Int = 50, after: String): MemberConnection!
    timeline(last: Int = 50, before: String, first: Int, after: String): MessageConnection!
    membership: Membership
  }
  type Membership { markedUpTo: Int! unreadCount: Int! }
  type Member { id: ID! }
  type Reader { member: Member! readAt: DateTime! }
  type Reaction { emoji: String! count: Int! }
  type ReadExplanation { audience: Int! read: Int! notYet: Int! leftBeforeReading: Int! }
  type Message {
    id: ID! seq: Int! group: Group! author: Member! text: String sentAt: DateTime! editedAt: DateTime deletedAt: DateTime
    replyTo: Message mentions: [Member!]! reactions: [Reaction!]! readCount: Int! audienceCount: Int!
    readers(first: Int = 50, after: String, at: DateTime): ReaderConnection! explain: ReadExplanation!
  }
  type Mutation {
    createGroup(input: CreateGroupInput!): GroupPayload!
    renameGroup(input: RenameGroupInput!): GroupPayload!
    addMembers(input: AddMembersInput!): GroupPayload!
    removeMember(input: RemoveMemberInput!): GroupPayload!
    leaveGroup(input: LeaveGroupInput!): GroupPayload!
    changeMemberRole(input: ChangeMemberRoleInput!): GroupPayload!
    sendMessage(input: SendMessageInput!): MessagePayload!
    editMessage(input: EditMessageInput!): MessagePayload!
    deleteMessage(input: DeleteMessageInput!): MessagePayload!
    addReaction(input: ReactionInput!): MessagePayload!
    removeReaction(input: ReactionInput!): MessagePayload!
    markReadUpTo(input: MarkReadUpToInput!): MarkPayload!
  }
  input CreateGroupInput { name: String! }
  input RenameGroupInput { name: String! }
  input AddMembersInput { groupId: ID! }
  input RemoveMemberInput { groupId: ID! }
  input LeaveGroupInput { groupId: ID! }
  input ChangeMemberRoleInput { groupId: ID! }
  input SendMessageInput { groupId: ID! messageId: ID! text: String! replyTo: ID mentions: [ID!] }
  input EditMessageInput { groupId: ID! }
  input DeleteMessageInput { groupId: ID! }
  input ReactionInput { groupId: ID! }
  input MarkReadUpToInput { marks: [MarkInput!]! }
  input MarkInput { groupId: ID! upTo: Int! }
  type GroupPayload { position: Position! }
  type MessagePayload { position: Position! }
  type MarkPayload { position: Position! }
  type Subscription {
    timeline(groupId: ID!, after: Int): TimelineItem!
    readCounts(groupId: ID!): ReadCountsItem!
    inbox: InboxItem!
  }
  type ReadCountsItem { asOf: Position! ranges: [ReadCountRange!]! }
  type ReadCountRange { fromSeq: Int! toSeq: Int! readCount: Int! }
  type InboxItem { unreadCount: Int! }
  union TimelineItem = MessageAdded | MessageChanged | MessageRemoved | ReactionsChanged | MembersChanged | GroupChanged | Resync
  type MessageAdded { version: Int! }
  type MessageChanged { version: Int! }
  type MessageRemoved { version: Int! }
  type ReactionsChanged { version: Int! }
  type MembersChanged { version: Int! }
  type GroupChanged { version: Int! }
  type Resync { version: Int! }
`);

it('keeps every name that clients rely on, with its arguments and types', () => {
  const missing: string[] = [];
  for (const type of Object.values(promised.getTypeMap())) {
    if (type.name.startsWith('__') || !('getFields' in type)) continue;
    const ours = schema.getType(type.name) as GraphQLObjectType | undefined;
    const fields = ours?.getFields() ?? {};
    for (const field of Object.values((type as GraphQLObjectType).getFields())) {
      const kept = fields[field.name];
      const where = `${type.name}.${field.name}`;
      if (String(kept?.type) !== String(field.type)) missing.push(`${where}: ${kept?.type}, not ${field.type}`);
      for (const argument of field.args ?? []) {
        const keptArgument = kept?.args.find(({ name }) => name === argument.name);
        if (String(keptArgument?.type) !== String(argument.type))
          missing.push(`${where}(${argument.name}): ${keptArgument?.type}`);
      }
    }
  }
  expect(missing).toEqual([]);
});
