import { openMongoReadModelBuilds } from '../../../src/adapters/mongodb/read-model-builds.ts';
import type { BuildId } from '../../../src/ports/read-model-builds.ts';
import type { ReadModels } from '../../../src/ports/read-models.ts';
import type { ReadModelWriter } from '../../../src/ports/row-store.ts';
import { type ProjectedWriter, projectedWriter } from '../../contract/projected-writer.ts';

interface Options {
  readonly holder?: string;
  readonly leaseMilliseconds?: number;
  readonly signal?: AbortSignal;
  readonly onWaiting?: ((reason: string) => void) | undefined;
  readonly onNotice?: (notice: string) => void;
}

export const openBuilds = (url: string, { holder = 'test', ...options }: Options = {}) =>
  openMongoReadModelBuilds({ url, holder, ...options });

/** A new build in the database of the URL. */
export async function createBuild(url: string): Promise<BuildId> {
  const builds = openBuilds(url);
  try {
    return await builds.create();
  } finally {
    await builds.close();
  }
}

/** Resolves once it is the one writer of the build. */
export async function openStore(url: string, build: BuildId, options: Options = {}): Promise<ReadModelWriter> {
  const builds = openBuilds(url, options);
  try {
    return await builds.openWriter(build, options.signal ?? new AbortController().signal);
  } finally {
    await builds.close();
  }
}

export async function openWriter(url: string, build: BuildId, options: Options = {}): Promise<ProjectedWriter> {
  return projectedWriter(await openStore(url, build, options));
}

export async function openReadModels(url: string, build: BuildId): Promise<ReadModels> {
  const builds = openBuilds(url);
  try {
    return await builds.openReadModels(build);
  } finally {
    await builds.close();
  }
}
