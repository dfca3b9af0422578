import { laterOf } from '../../events/moments.ts';
import { noStream, startOfLog } from '../../ports/event-log.ts';
import type { StoredGroup } from '../../ports/row-store.ts';
import type { ChangeOf } from '../changes.ts';

export type GroupChange = ChangeOf<
  'putGroup' | 'renameGroup' | 'setMemberCount' | 'advanceGroup' | 'haltGroup' | 'resumeGroup'
>;

/** A group of which nothing is known but that something of it comes. */
export const unknownGroup = (groupId: string): StoredGroup => ({
  ...{ groupId, name: '', createdAt: null, memberCount: 0, lastSeq: 0, lastMessageAt: null, version: noStream },
  ...{ readsVersion: noStream, activityPosition: startOfLog, countsPosition: startOfLog, position: startOfLog },
  ...{ haltedAt: null, haltReason: null, lastAt: null, creationHash: null },
});

/** What a change makes of a group's row; the same row where it changes nothing. */
export function foldGroup(group: StoredGroup, change: GroupChange): StoredGroup {
  const { position } = change;
  switch (change.type) {
    case 'advanceGroup':
      return advanced(group, change);
    case 'haltGroup': {
      // A halt at a later position stands in the place of an earlier one: what came before has been read since.
      const isLater = group.haltedAt === null || position > group.haltedAt;
      return isLater ? { ...group, haltedAt: position, haltReason: change.reason } : group;
    }
    case 'resumeGroup': {
      // A halt beyond what was read meanwhile stays.
      const isTakenBack = group.haltedAt !== null && group.haltedAt <= position;
      return isTakenBack ? { ...group, haltedAt: null, haltReason: null } : group;
    }
    case 'putGroup': {
      if (position <= group.position) return group;
      const activityPosition = Math.max(group.activityPosition, position);
      const { name, createdAt, creationHash } = change;
      return { ...group, name, createdAt, creationHash, activityPosition, position };
    }
    // Name and member count go by position.
    case 'renameGroup':
      return position <= group.position ? group : { ...group, name: change.name, position };
    case 'setMemberCount':
      return position <= group.position ? group : { ...group, memberCount: change.memberCount, position };
    default:
      return change satisfies never;
  }
}

/** Every field goes by maximum: streams are projected in any order of one to the other. */
function advanced(group: StoredGroup, change: ChangeOf<'advanceGroup'>): StoredGroup {
  const { version = noStream, readsVersion = noStream, lastSeq, lastMessageAt, at, position } = change;
  // In a log of before, or of imported history, the later message is not always the one with the later moment.
  const isLater = lastMessageAt !== undefined && (group.lastMessageAt === null || lastMessageAt > group.lastMessageAt);
  return {
    ...group,
    version: Math.max(group.version, version),
    readsVersion: Math.max(group.readsVersion, readsVersion),
    lastSeq: Math.max(group.lastSeq, lastSeq ?? 0),
    // Only a message moves the group up in the inboxes.
    activityPosition: lastSeq === undefined ? group.activityPosition : Math.max(group.activityPosition, position),
    lastMessageAt: isLater ? lastMessageAt : group.lastMessageAt,
    lastAt: at === undefined ? group.lastAt : laterOf(at, group.lastAt),
  };
}

/** A mark has counted: stored counts that are exact at an earlier position are old from here on. */
export const countedAt = (group: StoredGroup, position: number): StoredGroup =>
  position <= group.countsPosition ? group : { ...group, countsPosition: position };
