import { UndecodableEvent } from './codec.ts';
import type { GroupEvent } from './event.ts';

/**
 * What an event of a group may say of the group's messages, when `lastSeq` is the newest before it: a message is the next
 * one, and everything else is about what is there. A group that breaks this cannot be counted, for its numbers are not 1, 2,
 * 3, … without gaps; so such an event is as unreadable as one that does not decode. Whoever folds a group asks before each
 * event. Throws UndecodableEvent.
 */
export function requireInOrder(event: GroupEvent, lastSeq: number): void {
  const seq = newestSpokenOf(event);
  if (event.type === 'MessageSent' && event.data.seq !== lastSeq + 1) {
    throw new UndecodableEvent(`message ${event.data.seq} comes after message ${lastSeq}`);
  }
  if (event.type !== 'MessageSent' && seq > lastSeq) {
    throw new UndecodableEvent(`a ${event.type} speaks of message ${seq}, and the newest is ${lastSeq}`);
  }
}

function newestSpokenOf(event: GroupEvent): number {
  switch (event.type) {
    case 'MessageSent':
    case 'MessageEdited':
    case 'MessageDeleted':
    case 'ReactionAdded':
    case 'ReactionRemoved':
      return event.data.seq;
    case 'MembersAdded':
    case 'MemberLeft':
    case 'MemberRemoved':
      return event.data.afterSeq;
    case 'GroupCreated':
    case 'GroupRenamed':
    case 'MemberRoleChanged':
    case 'MemberRenamed':
      return 0;
    default:
      return event satisfies never;
  }
}
