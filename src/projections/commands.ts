import { commandProgress } from '../events/command-progress.ts';
import type { Change } from './changes.ts';
import { noChanges, type ProjectedEvent } from './projected-event.ts';

/**
 * Which commands the log has answered, so that they are answered the same when they come again.
 *
 * - Only commands whose clients chose an id can come again. Their events say what the command said.
 * - A command that needed several appends is done with its last event.
 */
export function projectCommands({ event, metadata, groupId, position }: ProjectedEvent): readonly Change[] {
  const { actorId, causationId: commandId, commandDigest: digest } = metadata;
  if (digest === undefined || event.type === 'ReadUpTo' || event.type === 'FileImported') return noChanges;
  const addedUpTo = commandProgress(event, metadata);
  return [{ type: 'putCommand', groupId, actorId, commandId, digest, addedUpTo, position }];
}
