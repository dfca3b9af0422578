import type { EventLog, Position } from '../ports/event-log.ts';

/**
 * The read models hold more than the log does: the log was restored from an older backup, or is another one. Nothing
 * of them can be relied on, since what the log will hold at those positions is not what they were built from.
 */
export class CheckpointAheadOfLog extends Error {
  override readonly name = 'CheckpointAheadOfLog';
}

/**
 * Throws CheckpointAheadOfLog where the read models' checkpoint is beyond the log's end. Positions only grow, so the
 * checkpoint is read first. Throws what the stores throw when they cannot be used.
 */
export async function requireCheckpointInLog(
  log: Pick<EventLog, 'endPosition'>,
  readModels: { checkpoint(): Promise<Position> },
): Promise<void> {
  const checkpoint = await readModels.checkpoint();
  const end = await log.endPosition();
  if (checkpoint <= end) return;
  throw new CheckpointAheadOfLog(
    `The read models hold everything up to position ${checkpoint}, but the log ends at ${end}: it was restored from an ` +
      'older backup, or it is another log. Throw the read models away (MongoDB: drop the database; embedded: remove ' +
      'read-models.db) and start again; they are built anew from the log.',
  );
}
