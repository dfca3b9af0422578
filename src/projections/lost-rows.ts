import { parseStreamName } from '../events/stream-name.ts';
import { type EventLog, type Position, StreamDeleted } from '../ports/event-log.ts';
import { ReadModelsCorrupt } from '../ports/read-model-faults.ts';
import type { Checkpoint } from '../ports/row-store.ts';
import type { ProjectedRows } from './projected-rows.ts';
import type { Poison } from './projection-batch.ts';

/** The rows of the group of which the checkpoint's event is hold it, or say where the group is halted. Throws ReadModelsCorrupt. */
export async function requireCheckpointInRows(
  rows: Pick<ProjectedRows, 'groups'>,
  { position, event }: Checkpoint,
): Promise<void> {
  const stream = event && parseStreamName(event.streamName);
  if (event === undefined || stream === undefined || stream.family === 'imports') return;
  const [group] = await rows.groups([stream.groupId]);
  const version = stream.family === 'group' ? group?.version : group?.readsVersion;
  if (version !== undefined && (version >= event.version || group?.haltedAt !== null)) return;
  throw new ReadModelsCorrupt(
    `the read models hold everything up to position ${position}, but not version ${event.version} of ${event.streamName}`,
  );
}

/**
 * A group that seems to lack its beginning, or something in between, is halted only where it is the log that lacks it. What the
 * log holds before the place where this run has begun was projected once, and the rows have lost it since: ReadModelsCorrupt is
 * thrown then. Of what comes later, which the log has left out itself, another build would hold no more.
 */
export async function requireNotLost(
  log: Pick<EventLog, 'readStream'>,
  { groupId, streamName, missingVersion }: Poison,
  start: Position,
): Promise<void> {
  if (missingVersion === undefined) return;
  const [found] = await log.readStream(streamName, missingVersion, 1).catch(nothingLeft);
  if (found?.version !== missingVersion || found.position > start) return;
  throw new ReadModelsCorrupt(`the rows of group ${groupId} have lost version ${missingVersion} of ${streamName}`);
}

function nothingLeft(error: unknown): readonly [] {
  if (error instanceof StreamDeleted) return [];
  throw error;
}
