import type { EventDefinition, EventOf } from './define-event.ts';
import { groupCreated, groupRenamed } from './group.ts';
import { fileImported } from './imports.ts';
import { memberLeft, memberRemoved, memberRenamed, memberRoleChanged, membersAdded } from './membership.ts';
import { messageDeleted, messageEdited, messageSent, reactionAdded, reactionRemoved } from './messages.ts';
import { readUpTo } from './reads.ts';
import type { StreamFamily } from './stream-name.ts';

const groupDefinitions = [
  groupCreated,
  groupRenamed,
  membersAdded,
  memberLeft,
  memberRemoved,
  memberRoleChanged,
  memberRenamed,
  messageSent,
  messageEdited,
  messageDeleted,
  reactionAdded,
  reactionRemoved,
] as const;

/** What a `group-…` stream holds. */
export type GroupEvent = EventOf<(typeof groupDefinitions)[number]>;
/** What a `reads-…` stream holds. */
export type ReadsEvent = EventOf<typeof readUpTo>;
/** What an `imports-…` stream holds. */
export type ImportsEvent = EventOf<typeof fileImported>;
/** Everything that can have happened. */
export type HighwaterEvent = GroupEvent | ReadsEvent | ImportsEvent;

/** The family of streams that an event belongs into. */
export function familyOf({ type }: HighwaterEvent): StreamFamily {
  if (type === 'ReadUpTo') return 'reads';
  return type === 'FileImported' ? 'imports' : 'group';
}

export const eventDefinitions: ReadonlyMap<string, EventDefinition> = new Map(
  [...groupDefinitions, readUpTo, fileImported].map((definition) => [definition.type, definition as EventDefinition]),
);
