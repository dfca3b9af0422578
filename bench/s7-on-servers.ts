import { runContestant } from './child.ts';
import type { CopyOptions } from './contestants/copy-history.ts';
import type { RebuildResult, ServerRebuildOptions } from './contestants/rebuild.ts';
import type { ScanAndInsertOptions } from './contestants/scan-and-insert.ts';
import type { ScanResult } from './contestants/scan-and-write.ts';
import { type FreshDatabase, freshDatabase, inFreshDatabase } from './database.ts';
import { describeProfiles, profilingFlags } from './profile.ts';
import { inFolder, type Rebuilds } from './s7-embedded.ts';
import { rebuildParts } from './s7-parts.ts';
import { environmentOf, type ServerUrls } from './servers.ts';

/**
 * Copies a history into the event store, once, and rebuilds from there into databases that are dropped afterwards. What
 * is measured is the whole log of the event store, which may hold more than this history.
 */
export async function prepareRebuildsOnServers(
  directory: string,
  servers: ServerUrls,
  history: { readonly logFile: string; readonly runId: string; readonly events: number },
): Promise<Rebuilds> {
  const { logFile, runId } = history;
  const copy: CopyOptions = { logFile };
  const { copied } = await runContestant<{ copied: number }>(
    'contestants/copy-history.ts',
    copy,
    'anywhere',
    environmentOf(servers),
  );
  if (copied < history.events) throw new Error(`${copied} of ${history.events} events were copied`);
  /** The first rebuild's, kept for what the limit has to write. */
  let reference: FreshDatabase | undefined;

  async function rebuild(flags?: readonly string[]): Promise<RebuildResult> {
    const database = freshDatabase(servers);
    const options: ServerRebuildOptions = { runId };
    try {
      const env = environmentOf(database.servers);
      const result = await runContestant<RebuildResult>('contestants/rebuild.ts', options, 'anywhere', env, flags);
      if (result.events < copied) throw new Error(`of ${copied} events, ${result.events} came`);
      reference ??= database;
      return result;
    } finally {
      if (reference !== database) await database.drop();
    }
  }

  return {
    rebuild: () => rebuild(),
    profile: () =>
      inFolder(directory, async (profiles) => {
        const { events } = await rebuild(profilingFlags(profiles));
        return describeProfiles(profiles, rebuildParts, events);
      }),
    async scanAndWrite() {
      if (reference === undefined) throw new Error('there are no finished read models yet');
      const options: ScanAndInsertOptions = { reference: reference.name };
      return inFreshDatabase(servers, (fresh) =>
        runContestant<ScanResult>('contestants/scan-and-insert.ts', options, 'anywhere', environmentOf(fresh)),
      );
    },
    async close() {
      await reference?.drop();
    },
  };
}
