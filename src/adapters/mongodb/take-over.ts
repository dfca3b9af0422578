import { startOfLog } from '../../ports/event-log.ts';
import { LeaseLost } from '../../ports/read-models.ts';
import { dropCollections, setUpCollections } from './collection-setup.ts';
import { type Connection, isDuplicate, writeMilliseconds } from './connection.ts';
import { type CheckpointDocument, checkpointId, readModelSchemaVersion } from './documents.ts';
import type { ProjectorLease } from './projector-lease.ts';

/**
 * Makes the read models the lease holder's own: from here on nobody with an older lease writes a checkpoint. Read models
 * of another version are thrown away and begun anew; readers are told meanwhile. Throws LeaseLost.
 */
export async function takeOver(
  connection: Connection,
  {
    lease,
    holder,
    onNotice,
  }: { readonly lease: ProjectorLease; readonly holder: string; readonly onNotice: (notice: string) => void },
): Promise<CheckpointDocument> {
  const { token } = lease;
  await insertFirst(connection, token, holder);
  const found = await change(connection, token, { token, holder });
  lease.requireHeld();
  if (found.building || found.schemaVersion !== readModelSchemaVersion) {
    const anew = { building: true, schemaVersion: readModelSchemaVersion, position: startOfLog, applying: startOfLog };
    await change(connection, token, anew);
    await dropCollections(connection);
  }
  lease.requireHeld();
  await setUpCollections(connection, onNotice);
  return change(connection, token, { building: false });
}

async function insertFirst({ collections, run }: Connection, token: number, holder: string): Promise<void> {
  const first: CheckpointDocument = {
    ...{ _id: checkpointId, schemaVersion: readModelSchemaVersion, building: true, position: startOfLog },
    ...{ token, batch: 0, applying: startOfLog, holder, changedAt: new Date() },
  };
  const there = await run(() => collections.checkpoints.findOne({ _id: checkpointId }));
  if (there !== null) return;
  await run(
    () =>
      collections.checkpoints.insertOne(first).catch((error: unknown) => {
        if (!isDuplicate(error)) throw error;
      }),
    writeMilliseconds,
  );
}

async function change(
  { collections, run }: Connection,
  token: number,
  changes: Partial<CheckpointDocument>,
): Promise<CheckpointDocument> {
  const changed = await run(
    () =>
      collections.checkpoints.findOneAndUpdate(
        { _id: checkpointId, token: { $lte: token } },
        { $set: { ...changes, changedAt: new Date() } },
        { returnDocument: 'after' },
      ),
    writeMilliseconds,
  );
  if (changed === null) throw new LeaseLost(`the read models are written by a later lease than that of term ${token}`);
  return changed;
}

/** Whoever takes the lease next builds them anew; until then nobody reads them. */
export async function markForRebuild(connection: Connection, token: number): Promise<void> {
  await change(connection, token, { building: true });
}
