import { hashCreation } from '../events/text-hash.ts';
import type { Change } from './changes.ts';
import { noChanges, type ProjectedEvent } from './projected-event.ts';

/**
 * The group itself: its name, how many members it has, its newest message, and how far its streams are projected.
 *
 * - The member count is what the event says, not what the rows add up to: it is a fact in the log.
 * - A message moves the group up in the inboxes; edits, reactions, members coming and going do not.
 * - A deleted message stays the newest one: sequence numbers are never taken back.
 */
export function projectGroups(projected: ProjectedEvent): readonly Change[] {
  const { event, metadata, groupId, version, position } = projected;
  const { at } = metadata;
  const advanced: Change = { type: 'advanceGroup', groupId, version, at, position };
  switch (event.type) {
    case 'GroupCreated': {
      const { name } = event.data;
      const creationHash = hashCreation(metadata.actorId, name);
      return [{ type: 'putGroup', groupId, name, createdAt: at, creationHash, position }, advanced];
    }
    case 'GroupRenamed':
      return [{ type: 'renameGroup', groupId, name: event.data.name, position }, advanced];
    case 'MembersAdded':
    case 'MemberLeft':
    case 'MemberRemoved':
      return [{ type: 'setMemberCount', groupId, memberCount: event.data.memberCount, position }, advanced];
    case 'MessageSent':
      return [{ ...advanced, lastSeq: event.data.seq, lastMessageAt: at }];
    case 'ReadUpTo':
      return [{ type: 'advanceGroup', groupId, readsVersion: version, at, position }];
    case 'FileImported':
      return noChanges;
    case 'MemberRoleChanged':
    case 'MemberRenamed':
    case 'MessageEdited':
    case 'MessageDeleted':
    case 'ReactionAdded':
    case 'ReactionRemoved':
      return [advanced];
    default:
      return event satisfies never;
  }
}
