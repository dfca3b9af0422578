import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runContestant } from './child.ts';
import type { EmbeddedRebuildOptions, RebuildResult } from './contestants/rebuild.ts';
import type { ScanAndWriteOptions, ScanResult } from './contestants/scan-and-write.ts';
import { describeProfiles, profilingFlags } from './profile.ts';
import { rebuildParts } from './s7-parts.ts';

/** A rebuild and its limit, on some stores. */
export interface Rebuilds {
  rebuild(): Promise<RebuildResult>;
  /** May need a rebuild before it, whose result it writes. */
  scanAndWrite(): Promise<ScanResult>;
  /** One more rebuild, by how it divides among threads and parts: a line each. */
  profile(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Runs with a folder of its own, which is emptied at once: a run writes several hundred megabytes. */
export async function inFolder<Result>(directory: string, run: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(directory, 'run-'));
  try {
    return await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Rebuilds from the history's file into files. */
export async function prepareEmbeddedRebuilds(directory: string, logFile: string): Promise<Rebuilds> {
  const rowsFile = join(directory, 'rows.db');
  const rebuild = (readModelsFile: string, flags?: readonly string[]): Promise<RebuildResult> => {
    const options: EmbeddedRebuildOptions = { logFile, readModelsFile };
    return runContestant('contestants/rebuild.ts', options, 'anywhere', {}, flags);
  };
  await rebuild(rowsFile);
  return {
    rebuild: () => inFolder(directory, (folder) => rebuild(join(folder, 'read-models.db'))),
    scanAndWrite: () =>
      inFolder(directory, (folder) => {
        const options: ScanAndWriteOptions = { logFile, rowsFile, readModelsFile: join(folder, 'read-models.db') };
        return runContestant('contestants/scan-and-write.ts', options);
      }),
    profile: () =>
      inFolder(directory, async (folder) => {
        const profiles = join(folder, 'profiles');
        const { events } = await rebuild(join(folder, 'read-models.db'), profilingFlags(profiles));
        return describeProfiles(profiles, rebuildParts, events);
      }),
    close: async () => {},
  };
}
