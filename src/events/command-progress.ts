import type { EventMetadata } from './codec.ts';
import type { HighwaterEvent } from './event.ts';

/**
 * How far a command had come with this event of it: null where it is the command's last. Otherwise members are still to
 * be added, and this is the last of the command's list who was; empty before the first.
 */
export function commandProgress(event: HighwaterEvent, { commandContinues }: EventMetadata): string | null {
  if (commandContinues === undefined) return null;
  return (event.type === 'MembersAdded' ? event.data.members.at(-1)?.userId : undefined) ?? '';
}
