import { type EventLog, type Position, StreamDeleted } from '../ports/event-log.ts';
import type { Checkpoint } from '../ports/row-store.ts';

/**
 * The read models were built from another log, or from this one before it was restored from an older backup. Nothing of
 * them can be relied on, since what the log holds at those positions is not what they were built from.
 */
export class CheckpointNotInLog extends Error {
  override readonly name = 'CheckpointNotInLog';
}

/**
 * Throws CheckpointNotInLog where the log ends before the checkpoint, or does not hold the checkpoint's event: a log that
 * was restored from a backup and has grown past the position holds another one there. An event that was cut off its stream
 * since is no sign of that; one whose stream is gone altogether is, for so it looks in a log where it has never been.
 * Throws what the log throws when it cannot be used.
 */
export async function requireCheckpointInLog(
  log: Pick<EventLog, 'endPosition' | 'readStream' | 'readStreamBackwards'>,
  checkpoint: Checkpoint,
): Promise<void> {
  const { position, event } = checkpoint;
  const end = await log.endPosition();
  if (position > end) throw notInLog(`the log ends at ${end}`, position);
  if (event === undefined) return;
  try {
    await requireEvent(log, position, event);
  } catch (error) {
    // What was deleted for good says nothing any more.
    if (!(error instanceof StreamDeleted)) throw error;
  }
}

async function requireEvent(
  log: Pick<EventLog, 'readStream' | 'readStreamBackwards'>,
  position: Position,
  { streamName, version, eventId }: NonNullable<Checkpoint['event']>,
): Promise<void> {
  const [found] = await log.readStream(streamName, version, 1);
  const isThere = found !== undefined && found.version === version;
  if (isThere) {
    if (found.eventId === eventId) return;
    throw notInLog(`version ${version} of ${streamName} is event ${found.eventId}, not ${eventId}`, position);
  }
  // Of a stream whose beginning was cut off, what is left comes after.
  const [last] = await log.readStreamBackwards(streamName, undefined, 1);
  if (last !== undefined && last.version >= version) return;
  throw notInLog(`${streamName} has no version ${version}, which was event ${eventId}`, position);
}

const notInLog = (found: string, position: number): CheckpointNotInLog =>
  new CheckpointNotInLog(
    `The read models hold everything up to position ${position} of another log than this one: ${found}. It was ` +
      'restored from an older backup, or it is another log. Discard the builds of the read models (MongoDB: drop the ' +
      'database; embedded: remove the directory read-models) and start again; they are built anew from the log.',
  );
