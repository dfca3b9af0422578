import type { Change } from './changes.ts';
import { noChanges, type ProjectedEvent } from './projected-event.ts';

/**
 * The messages of a group and what stands under them.
 *
 * - A message keeps its place, author, audience and whom it names for ever; its text, and whether it mentions everybody, is
 *   that of the newest edit.
 * - A deleted message keeps its place and its reactions; its text is gone from the rows and from the search.
 * - A reaction is one person with one emoji under one message, present or not.
 */
export function projectTimeline({ event, metadata, groupId, position }: ProjectedEvent): readonly Change[] {
  switch (event.type) {
    case 'MessageSent': {
      const { messageId, seq, authorId, text, replyTo, mentions, mentionsAll, audienceCount } = event.data;
      const message = { messageId, seq, authorId, text, sentAt: metadata.at, replyTo, mentions, mentionsAll };
      return [{ type: 'putMessage', groupId, ...message, audienceCount, position }];
    }
    case 'MessageEdited': {
      const { seq, text, mentionsAll } = event.data;
      return [{ type: 'editMessage', groupId, seq, text, mentionsAll, editedAt: metadata.at, position }];
    }
    case 'MessageDeleted':
      return [{ type: 'deleteMessage', groupId, seq: event.data.seq, deletedAt: metadata.at, position }];
    case 'ReactionAdded':
    case 'ReactionRemoved': {
      const { seq, emoji, userId } = event.data;
      const type = event.type === 'ReactionAdded' ? 'putReaction' : 'removeReaction';
      return [{ type, groupId, seq, emoji, userId, position }];
    }
    case 'GroupCreated':
    case 'GroupRenamed':
    case 'MembersAdded':
    case 'MemberLeft':
    case 'MemberRemoved':
    case 'MemberRoleChanged':
    case 'MemberRenamed':
    case 'ReadUpTo':
    case 'FileImported':
      return noChanges;
    default:
      return event satisfies never;
  }
}
