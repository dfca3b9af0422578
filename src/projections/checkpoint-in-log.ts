import { type EventLog, LogUnavailable, type Position, StreamDeleted, startOfLog } from '../ports/event-log.ts';
import type { Checkpoint } from '../ports/row-store.ts';

/**
 * The read models were built from another log, or from this one before it was restored from an older backup. Nothing of
 * them can be relied on, since what the log holds at those positions is not what they were built from.
 */
export class CheckpointNotInLog extends Error {
  override readonly name = 'CheckpointNotInLog';
}

/** What of a log is asked for whether a checkpoint is of it. */
export type LogToLookInto = Pick<
  EventLog,
  'endPosition' | 'readStream' | 'readStreamBackwards' | 'readAll' | 'readAllBackwards'
>;

/**
 * Throws CheckpointNotInLog where the log ends before the checkpoint, or does not hold the checkpoint's event: a log that
 * was restored from a backup and has grown past the position holds another one there. An event that was cut off its stream
 * since is no sign of that, and neither is a stream that was deleted while the log as a whole still holds the event; one
 * that is nowhere is, for so it looks in a log where it has never been.
 * Throws what the log throws when it cannot be used.
 */
export async function requireCheckpointInLog(log: LogToLookInto, checkpoint: Checkpoint): Promise<void> {
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
  log: LogToLookInto,
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
  if (last === undefined && (await isInAll(log, position, eventId))) return;
  throw notInLog(`${streamName} has no version ${version}, which was event ${eventId}`, position);
}

/** A stream that was deleted, though not for good, reads as one that never was; the log's own order still has its events. */
async function isInAll(log: LogToLookInto, position: Position, eventId: string): Promise<boolean> {
  try {
    const [before] = await log.readAllBackwards(position, 1);
    const [found] = await log.readAll(before?.position ?? startOfLog, 1);
    return found?.position === position && found.eventId === eventId;
  } catch (error) {
    if (!(error instanceof LogUnavailable)) throw error;
    // A server may refuse to read at a place where it holds nothing. One that is away says nothing of it.
    await log.endPosition();
    return false;
  }
}

const notInLog = (found: string, position: number): CheckpointNotInLog =>
  new CheckpointNotInLog(
    `The read models hold everything up to position ${position} of another log than this one: ${found}. It was ` +
      'restored from an older backup, or it is another log. Discard the builds of the read models (MongoDB: drop the ' +
      'database; embedded: remove the directory read-models) and start again; they are built anew from the log.',
  );
