import type { Change } from './changes.ts';
import { noChanges, type ProjectedEvent } from './projected-event.ts';

/**
 * Who is in a group, and since when.
 *
 * - A stay begins after the newest message at that moment and ends with the newest message at the end: its member is in
 *   the audience of the messages in between and of no others.
 * - Who leaves and returns keeps earlier stays and their mark; name and role are those of the return.
 * - Leaving and being removed are the same to those who read.
 */
export function projectMembers({ event, metadata, groupId, position }: ProjectedEvent): readonly Change[] {
  switch (event.type) {
    case 'MembersAdded': {
      const { members, afterSeq } = event.data;
      const at = metadata.at;
      return members.map(({ userId, name, role }) => {
        return { type: 'putMember', groupId, userId, name, role, afterSeq, at, position };
      });
    }
    case 'MemberLeft':
    case 'MemberRemoved': {
      const { userId, afterSeq } = event.data;
      return [{ type: 'endMembership', groupId, userId, afterSeq, position }];
    }
    case 'MemberRoleChanged':
      return [{ type: 'setRole', groupId, userId: event.data.userId, role: event.data.role, position }];
    case 'MemberRenamed':
      return [{ type: 'setMemberName', groupId, userId: event.data.userId, name: event.data.name, position }];
    case 'GroupCreated':
    case 'GroupRenamed':
    case 'MessageSent':
    case 'MessageEdited':
    case 'MessageDeleted':
    case 'ReactionAdded':
    case 'ReactionRemoved':
    case 'ReadUpTo':
    case 'FileImported':
      return noChanges;
    default:
      return event satisfies never;
  }
}
