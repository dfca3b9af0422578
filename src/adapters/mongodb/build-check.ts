import { BuildGone } from '../../ports/read-model-builds.ts';
import { ReadModelsCorrupt } from '../../ports/read-model-faults.ts';
import { collectionIdentities } from './collection-identities.ts';
import type { Connection } from './connection.ts';
import { collectionNamesOf } from './documents.ts';

/**
 * Resolves where the build was whole at a moment after the call. What was read before the call was then read from the whole of it:
 * whoever discards a build takes its document away before they drop anything, and where somebody drops the database, collections
 * go in no order that is promised. Throws BuildGone, and ReadModelsCorrupt where somebody has dropped a collection by hand, also
 * where the next write has made it anew.
 *
 * All who ask while one look is under way share the next: under load it costs far less than one a query.
 */
export function createBuildCheck({ build, database, collections, run, readLimit }: Connection): () => Promise<void> {
  const names = collectionNamesOf(build);
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;

  const find = () => run(() => collections.builds.findOne({ _id: build }, readLimit));

  async function look(): Promise<void> {
    const [document, there] = await Promise.all([find(), run(() => collectionIdentities(database, names))]);
    const gone = new BuildGone(`build ${build} is not there`);
    if (document === null) throw gone;
    const { identities = {} } = document;
    const dropped = names.filter(
      (name) => (identities[name] ?? there.get(name)) !== there.get(name) || !there.has(name),
    );
    if (dropped.length === 0) return;
    // Between the two looks somebody may have discarded all of it.
    if ((await find()) === null) throw gone;
    throw new ReadModelsCorrupt(`somebody has dropped ${dropped.join(', ')}`);
  }

  async function lookNext(): Promise<void> {
    await running.catch(() => {});
    next = undefined;
    running = look();
    await running;
  }

  return () => {
    next ??= lookNext();
    return next;
  };
}
