/** The documents that the API tests send, as a client would write them. */
export const createGroup =
  'mutation ($input: CreateGroupInput!) { createGroup(input: $input) { position group { groupId name memberCount lastSeq version } } }';
export const addMembers =
  'mutation ($input: AddMembersInput!) { addMembers(input: $input) { position group { memberCount } } }';
export const removeMember = 'mutation ($input: RemoveMemberInput!) { removeMember(input: $input) { position } }';
export const leaveGroup = 'mutation ($input: LeaveGroupInput!) { leaveGroup(input: $input) { position } }';
export const sendMessage =
  'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { position message { messageId seq text audienceCount author { name } } } }';
export const editMessage =
  'mutation ($input: EditMessageInput!) { editMessage(input: $input) { position message { text editedAt } } }';
export const deleteMessage =
  'mutation ($input: DeleteMessageInput!) { deleteMessage(input: $input) { position message { text deletedAt } } }';
export const addReaction =
  'mutation ($input: ReactionInput!) { addReaction(input: $input) { position message { reactions { emoji count } } } }';
export const removeReaction =
  'mutation ($input: ReactionInput!) { removeReaction(input: $input) { position message { reactions { emoji count } } } }';
export const markReadUpTo =
  'mutation ($input: MarkReadUpToInput!) { markReadUpTo(input: $input) { position marks { groupId markedUpTo } refusals { groupId code } } }';
export const messageCounts =
  'query ($groupId: ID!, $messageId: ID!, $atLeast: Position) { message(groupId: $groupId, messageId: $messageId, atLeast: $atLeast) { seq text readCount audienceCount explain { audience read notYet leftBeforeReading } readers { edges { node { member { userId } readAt } } } } }';
export const timelinePage =
  'query ($id: ID!, $last: Int, $before: String, $first: Int, $after: String, $atLeast: Position) { group(groupId: $id, atLeast: $atLeast) { version lastSeq timeline(last: $last, before: $before, first: $first, after: $after) { edges { cursor node { messageId seq text readCount audienceCount author { name role } replyTo { messageId text } mentions { userId } reactions { emoji count } } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }';
export const timelineItems =
  'subscription ($groupId: ID!, $after: Int) { timeline(groupId: $groupId, afterVersion: $after) { __typename ... on MessageAdded { version message { messageId seq text } } ... on MessageChanged { version text } ... on MessageRemoved { version messageId } ... on ReactionsChanged { version emoji added } ... on MembersChanged { version joined { userId } left } ... on GroupChanged { version name } ... on Resync { version } } }';
