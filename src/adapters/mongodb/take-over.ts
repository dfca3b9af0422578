import { BuildGone } from '../../ports/read-model-builds.ts';
import { LeaseLost } from '../../ports/read-models.ts';
import { createBuildCheck } from './build-check.ts';
import { makeCollections } from './build-collections.ts';
import { type Connection, writeMilliseconds } from './connection.ts';
import type { BuildDocument } from './documents.ts';
import type { ProjectorLease } from './projector-lease.ts';

/**
 * Makes the build the lease holder's own: from here on nobody with an older lease begins a batch of it or writes its
 * checkpoint. Collections that whoever made the build has left unmade are made. Throws LeaseLost, BuildGone,
 * and ReadModelsCorrupt where collections that were made are gone.
 */
export async function takeOver(
  connection: Connection,
  {
    lease,
    holder,
    onNotice,
  }: { readonly lease: ProjectorLease; readonly holder: string; readonly onNotice: (notice: string) => void },
): Promise<BuildDocument> {
  const { build, collections, run } = connection;
  const { token } = lease;
  const changed = await run(
    () =>
      collections.builds.findOneAndUpdate(
        { _id: build, token: { $lte: token } },
        { $set: { token, holder, changedAt: new Date() } },
        { returnDocument: 'after' },
      ),
    writeMilliseconds,
  );
  if (changed === null) {
    const isThere = (await run(() => collections.builds.findOne({ _id: build }))) !== null;
    throw isThere
      ? new LeaseLost(`build ${build} is written by a later lease than that of term ${token}`)
      : new BuildGone(`build ${build} is not there`);
  }
  if (changed.made) await createBuildCheck(connection)();
  else await makeCollections(connection, onNotice);
  return changed;
}
